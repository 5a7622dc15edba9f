# Creates, fills and removes a stage's folder, from which the agent runs it. Meanwhile the job may put links, FIFOs and devices in
# its place, or fill the disk.
package StageFiles;
use strict;
use warnings;
use Exporter 'import';
use Fcntl qw(:mode O_RDONLY O_WRONLY O_CREAT O_EXCL O_NOFOLLOW);
use Errno;
use POSIX qw(mkfifo);
use Helper qw($BUILD_FOLDER now open_as enter_folder);

our @EXPORT_OK = qw(receive_script remove_stage);

use constant CHUNK => 65536;
use constant SECONDS_FOR_SCRIPT => 120;
use constant CANCELLED => 143;

# Creates the stage's folder, enters it, and writes the script from standard input.
# Dies with { code, words } if the stage ends with that, and with a text if the script is incomplete.
sub receive_script {
  my ($folder, $stage, $size, $is_cancelled) = @_;
  give_builds() if $folder eq $BUILD_FOLDER;
  my $file = make_folder("$folder/$stage");
  my $left = $size;
  my $deadline = now() + SECONDS_FOR_SCRIPT;
  while ($left > 0) {
    die { code => CANCELLED, words => '' } if $is_cancelled->();
    die "the script did not arrive in time\n" if now() > $deadline;
    vec(my $wanted = '', fileno STDIN, 1) = 1;
    next if select($wanted, undef, undef, 0.25) <= 0;
    my $read = sysread STDIN, my $bytes, $left < CHUNK ? $left : CHUNK;
    next if !defined $read;
    die "the script is incomplete\n" if $read == 0;
    write_all($file, $bytes);
    $left -= $read;
  }
  close $file or not_written();
  die { code => CANCELLED, words => '' } if $is_cancelled->();
  return 1;
}

sub make_folder {
  my ($path) = @_;
  mkdir $path, 0777 or not_written();
  enter_folder($path) or not_written();
  for my $fifo (qw(output exit)) { mkfifo($fifo, 0666) or not_written() }
  sysopen my $file, 'script', O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666 or not_written();
  return $file;
}

sub write_all {
  my ($file, $bytes) = @_;
  for (my $done = 0; $done < length $bytes;) {
    $done += syswrite($file, $bytes, length($bytes) - $done, $done) // not_written();
  }
}

# The job is at fault: the volumes contain what it put there.
sub not_written {
  my $words = $!{ENOSPC} || $!{EDQUOT}
    ? "The task's disk is full: this stage's script could not be written."
    : "This stage's script could not be written: $!.";
  die { code => 1, words => $words };
}

sub remove_stage {
  my ($path) = @_;
  if (enter_folder($path)) {
    unlink qw(script output exit);
    chdir '/';
  }
  rmdir $path;
}

# Changes the owner of root's files in the project to the build container's user, who owns its agent's file. git refuses to work
# in another user's repository (safe.directory), and only a file's owner may chmod it. Symbolic links are not followed.
sub give_builds {
  my $file = open_as(S_IFREG, "$BUILD_FOLDER/ready", O_RDONLY) or return;
  my ($owner, $group) = (stat $file)[4, 5];
  return if $owner == 0;
  system "chown -Rh --from=0 $owner:$group /builds > /dev/null 2>&1 < /dev/null";
}

1;
