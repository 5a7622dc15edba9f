# Requests to the resident process: HTTP over its Unix socket. Hooks need no other program for that, and no module: starting or
# loading one takes several times as long as the request, and a job has a dozen of them.
use strict;

# Only the runner may have the credentials for signing the cache's URLs.
delete @ENV{qw(AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_AUTHORIZATION_TOKEN)};
$| = 1;
# Perl's own exit code for a fatal error would mean nothing to the runner.
$SIG{__DIE__} = sub {
  print STDERR "ERROR: @_";
  exit $ENV{SYSTEM_FAILURE_EXIT_CODE};
};

# Linux's AF_UNIX and SOCK_STREAM.
my ($unix, $stream) = (1, 1);

# Sends a request. Returns a handle to read the answer's body from, and the status; nothing without an answer.
sub ask {
  my ($method, $path, $body) = (@_, '');
  local $SIG{PIPE} = 'IGNORE';
  socket(my $socket, $unix, $stream, 0) or return;
  connect($socket, pack 'S Z*', $unix, $ENV{FARGATE_EXECUTOR_SOCKET} // '') or return;
  my $request = "$method /$path HTTP/1.0\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
  for (my $sent = 0; $sent < length $request;) {
    $sent += syswrite($socket, $request, length($request) - $sent, $sent) // return;
  }
  my ($status) = (readline($socket) // '') =~ m{^HTTP/1\.\d (\d{3}) } or return;
  while (defined(my $header = readline $socket)) {
    return ($socket, $status) if $header eq "\r\n";
  }
  return;
}

# The whole answer to a request, and its status; nothing without an answer.
sub answer_to {
  my ($answer, $status) = ask(@_) or return;
  local $/;
  return (readline($answer) // '', $status);
}

# Copies the answer's lines to the job log, and returns the exit code for its result. An incomplete answer is a system failure.
sub follow {
  my ($answer) = ask(@_);
  while (defined(my $line = $answer && readline $answer)) {
    last if $line !~ /\n\z/;
    if (my ($result) = $line =~ /^runner-manager-result:(.*)/) {
      return 0 if $result eq 'success';
      return $ENV{$result eq 'build-failure' ? 'BUILD_FAILURE_EXIT_CODE' : 'SYSTEM_FAILURE_EXIT_CODE'};
    }
    print $line;
  }
  print "ERROR: The manager's resident process sent an incomplete answer\n";
  return $ENV{SYSTEM_FAILURE_EXIT_CODE};
}

1;
