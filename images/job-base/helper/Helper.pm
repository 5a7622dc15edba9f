# Shared by the helper's programs: its state, and safe access to files that the job can replace.
#
# The job's containers write to the agent's volume and the project, and may put links, FIFOs and devices there. So a folder is
# opened once, by its own name, and entered. Files in it are opened without following links and without blocking, and are used
# only if they have the expected type.
package Helper;
use strict;
use warnings;
use Exporter 'import';
use POSIX ();
use Fcntl qw(:mode O_RDONLY O_WRONLY O_CREAT O_NONBLOCK O_NOFOLLOW O_DIRECTORY);

our @EXPORT_OK = qw($STATE $HELPER_FOLDER $BUILD_FOLDER uptime now heard
  put take open_as enter_folder send_line order_agent);

# In memory that no other container shares, so that a full disk does not affect it.
our $STATE = '/dev/shm/job-helper';
our $HELPER_FOLDER = "$STATE/run";
our $BUILD_FOLDER = '/.job-agent/run';

# Seconds since boot. Unlike the clock, they never jump.
sub uptime {
  open my $file, '<', '/proc/uptime' or return 0;
  my ($seconds) = split /[ .]/, <$file>;
  return $seconds;
}

# Seconds with fractions, of a clock that never jumps either. The kernel counts hundredths.
sub now { return (POSIX::times())[0] / 100 }

# Records a heartbeat of the manager. The file exists and keeps its length, so this needs no space.
sub heard {
  sysopen my $file, "$STATE/heartbeat", O_WRONLY or return;
  syswrite $file, sprintf("%012d\n", uptime());
}

# Writes a small file of the helper's state atomically.
sub put {
  my ($name, $text) = @_;
  sysopen my $file, "$STATE/$name.$$", O_WRONLY | O_CREAT, 0600 or return 0;
  my $written = syswrite $file, $text;
  return close($file) && defined $written && rename "$STATE/$name.$$", "$STATE/$name";
}

# Reads a small file of the helper's state; undef if it does not exist.
sub take {
  my ($name, $max) = @_;
  sysopen my $file, "$STATE/$name", O_RDONLY | O_NOFOLLOW or return undef;
  sysread $file, my $text, $max // 1024;
  return $text;
}

# Opens a file without following links and without blocking; undef unless it has the given type (S_IFREG, S_IFIFO).
sub open_as {
  my ($kind, $path, $flags) = @_;
  sysopen my $file, $path, $flags | O_NONBLOCK | O_NOFOLLOW or return undef;
  my @found = stat $file or return undef;
  return S_IFMT($found[2]) == $kind ? $file : undef;
}

# Changes to a folder without following a link.
sub enter_folder {
  my ($path) = @_;
  sysopen my $folder, $path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW or return 0;
  return chdir $folder;
}

# Writes a line to a FIFO that has a reader, without blocking.
sub send_line {
  my ($path, $line) = @_;
  my $fifo = open_as(S_IFIFO, $path, O_WRONLY) or return 0;
  local $SIG{PIPE} = 'IGNORE';
  return defined syswrite $fifo, "$line\n";
}

sub order_agent {
  my ($folder, $line) = @_;
  return send_line("$folder/requests", $line);
}

1;
