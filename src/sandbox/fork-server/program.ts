import { SANDBOX_PROGRAM } from './sandbox-program.js';
import { systemCallArguments } from './system-calls.js';

/**
 * The arguments by which perl(1) becomes the fork server of this process. Perl, because it is in the base of most Linux
 * distributions, forks in a fraction of the time that Node takes (whose memory is many times larger), and can do
 * between fork and exec whatever the kernel can: what would take a shell, setpriv, setsid and env to execute one
 * another takes one process that executes the command.
 */
export function forkServerArguments(): string[] {
  return ['-e', PROGRAM + SANDBOX_PROGRAM, `${process.pid}`, ...systemCallArguments()];
}

/**
 * Reads orders from its standard input (see `messages.ts`) and reports on its standard output, one line at a time, each
 * in one write, since the processes that it has forked report as well. At the end of its input it kills what it has
 * started and exits; when it is killed itself, the kernel kills what it has forked.
 *
 * A descriptor of the sidecar is opened anew through /proc: so it need not be inherited by the fork server itself. All
 * that Perl opens beyond the standard streams is closed on exec. A process joins its cgroups late, so that little of
 * what it does before the command counts as the task's. The death signal comes after the change of user,
 * which would clear it; a fork server that has died before is noticed by who its child's parent is.
 *
 * Whoever loses its parent below a command becomes a child of the fork server (PR_SET_CHILD_SUBREAPER). A child that it
 * has not forked is therefore what some command has left; and a command that ends while there is no such child has left
 * nobody, as each of its descendants would be one or descend from one. The kernel moves them before it tells of the
 * death of their parent, and nothing but the fork server's own waiting takes a child off the list that it reads. Whose
 * such a child is cannot be seen there; but when no command runs, nobody has a right to it, and it is killed.
 *
 * The deaths of children are read from a descriptor (signalfd): a handler of Perl's runs between two of its operations, and
 * would miss a signal that comes right before it falls asleep.
 *
 * A process is of the class SCHED_BATCH, see sched(7): it has its share of the processors as any other, but when it wakes
 * up it does not interrupt who is running, such as the host.
 *
 * A pipe that a process writes to is made to hold 256 KiB, as much as the output window by default, so that it need not
 * wait for the sidecar after every 64 KiB. Where the kernel allows no more, it stays as it is.
 */
const PROGRAM = String.raw`
use strict;
my ($sidecar, %call) = @ARGV;
my ($WNOHANG, $SIGKILL, $AT_FDCWD, $S_IFIFO, $ENOENT, $SCHED_BATCH) = (1, 9, -100, 0010000, 2, 3);
my ($F_DUPFD_CLOEXEC, $F_SETFL, $O_NONBLOCK, $PR_SET_PDEATHSIG, $PR_SET_CHILD_SUBREAPER) = (1030, 4, 04000, 1, 36);
my ($SIG_BLOCK, $SIG_UNBLOCK, $SFD_NONBLOCK_CLOEXEC, $CHILD_SIGNAL) = (0, 1, 02004000, pack 'Q', 1 << 16);
my $NO_PRIORITY = pack 'i', 0;
my ($ABOVE_PASSED, $O_WRONLY, $F_SETPIPE_SZ, $OUTPUT_PIPE_BYTES) = (32, 1, 1031, 262144);

my $fork_server = $$;
my ($orders, %running) = ('');
my (%entrances, %filters, %entering, %outside, %early);
open(my $report, '>&=', fcntl(STDOUT, $F_DUPFD_CLOEXEC, $ABOVE_PASSED)) or die "standard output: $!\n";
pipe(my $bell, my $ringer) or die "pipe: $!\n";
fcntl $bell, $F_SETFL, $O_NONBLOCK;
$SIG{PIPE} = 'IGNORE';
syscall($call{rt_sigprocmask}, $SIG_BLOCK, $CHILD_SIGNAL, 0, 8) == 0 or die "SIGCHLD: $!\n";
open(my $deaths, '<&=', syscall $call{signalfd4}, -1, $CHILD_SIGNAL, 8, $SFD_NONBLOCK_CLOEXEC) or die "signalfd: $!\n";
stay_with_parent();
opendir(my $seen, "/proc/$sidecar/fd") or die "/proc/$sidecar/fd: $!\n";
closedir $seen;
my $children;
syscall($call{prctl}, $PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 and open $children, '<', "/proc/self/task/$$/children";
my %handlers = (run => \&run, fifos => \&make_fifos, sandbox => \&make_sandbox, command => \&pass_on);
report('ready', 0);

while (1) {
  my $ready = '';
  vec($ready, $_, 1) = 1 for 0, fileno $bell, fileno $deaths;
  next if select($ready, undef, undef, undef) < 0;
  reap() if vec($ready, fileno $bell, 1) || vec $ready, fileno $deaths, 1;
  next if !vec($ready, 0, 1);
  my $got = sysread STDIN, $orders, 65536, length $orders;
  end() if defined $got && $got == 0;
  while (length $orders >= 4 && length $orders >= 4 + (my $size = unpack 'N', $orders)) {
    my ($order, $id, @fields) = split /\0/, substr($orders, 4, $size), -1;
    substr($orders, 0, 4 + $size) = '';
    $handlers{$order}->($id, @fields);
  }
}

sub report { syswrite $report, "@_\n" }

sub reap {
  my (%exited, @ended);
  sysread $deaths, my $told, 4096;
  while ((my $pid = waitpid -1, $WNOHANG) > 0) { $exited{$pid} = $? }
  sysread $bell, my $rung, 65536;
  take_over($rung // '', \%exited);
  for my $pid (keys %exited) {
    my $id = delete $running{$pid} // next;
    push @ended, [$id, $exited{$pid}];
    delete $_->{$id} for \%entrances, \%entering;
  }
  return if !@ended && %running;
  my $orphans = orphans();
  report('ended', @$_, $orphans ? scalar @$orphans : 'unknown') for @ended;
  kill 'KILL', @$orphans if $orphans && !%running;
}

sub orphans {
  return if !defined $children || !defined sysseek($children, 0, 0);
  my $listed = '';
  1 while sysread $children, $listed, 65536, length $listed;
  return [grep { !exists $running{$_} } split ' ', $listed];
}

sub end {
  kill 'KILL', keys %running;
  for (1 .. 100) {
    reap();
    exit 0 if !%running && !@{ orphans() || [] };
    select undef, undef, undef, 0.01;
  }
  exit 0;
}

sub make_fifos {
  my ($id, $directory, @names) = @_;
  for (@names) {
    next if syscall($call{mknodat}, $AT_FDCWD, my $path = "$directory/$_", $S_IFIFO | 0600, 0) == 0;
    return report('failed', $id, $! + 0, "$directory/$_");
  }
  report('made', $id);
}

sub run {
  my ($id, @fields) = @_;
  in_child($id, sub { become($id, @fields) });
}

sub in_child {
  my ($id, $act) = @_;
  my $pid = fork;
  return report('failed', $id, $! + 0, 'fork') if !defined $pid;
  return $running{$pid} = $id if $pid;
  $SIG{PIPE} = 'DEFAULT';
  syscall $call{rt_sigprocmask}, $SIG_UNBLOCK, $CHILD_SIGNAL, 0, 8;
  $act->();
}

sub fail {
  my ($id, $what) = @_;
  report('failed', $id, $! + 0, $what);
  kill 'KILL', $$;
  leave(1);
}

sub become {
  my ($id, $rlimits, @fields) = @_;
  my ($started, $further, $file, @argv) = set_up($id, @fields);
  pass($id, 3, @$further);
  stay_with_parent();
  kill 'KILL', $$ if getppid != $fork_server;
  limit($rlimits);
  report('started', $id, $$, $started);
  execute($file, @argv);
}

sub set_up {
  my ($id, $cwd, $descriptors, $user, @rest) = @_;
  my @groups = splice @rest, 0, shift @rest;
  for my $directory (splice @rest, 0, shift @rest) { mkdir $directory, 0700 or fail($id, $directory) }
  for my $write (splice @rest, 0, shift @rest) {
    my ($tolerated, $value, $path) = split / /, $write, 3;
    my $file;
    next if sysopen($file, $path, $O_WRONLY) && syswrite $file, $value;
    my $error = $! + 0;
    fail($id, $path) if !grep { $_ == $error } split /,/, $tolerated;
  }
  syscall $call{setsid};
  syscall $call{sched_setscheduler}, 0, $SCHED_BATCH, $NO_PRIORITY;
  open(my $stat, '<', '/proc/self/stat') or fail($id, '/proc/self/stat');
  my $started = (split / /, <$stat>)[21];
  my @opened = map { open_descriptor($id, split /:/) } split /,/, $descriptors;
  pass($id, 0, splice @opened, 0, 3);
  chdir $cwd or fail($id, $cwd);
  %ENV = map { split /=/, $_, 2 } splice @rest, 0, shift @rest;
  for my $procs (@groups) {
    open(my $file, '>', $procs) or fail($id, $procs);
    syswrite $file, '0' or fail($id, $procs);
  }
  change_user($id, split /,/, $user) if $user ne '';
  return ($started, \@opened, @rest);
}

sub limit {
  for (split /,/, shift) {
    my ($resource, $soft, $hard) = split /:/;
    syscall $call{prlimit64}, 0, $resource + 0, pack('QQ', $soft, $hard), 0;
  }
}

sub execute {
  my ($file, @argv) = @_;
  exec { $file } @argv;
  my $code = $! == $ENOENT ? 127 : 126;
  syswrite STDERR, "$argv[0]: $!\n";
  leave($code);
}

sub leave { syscall $call{exit_group}, shift }

sub pass {
  my ($id, $first, @opened) = @_;
  for (0 .. $#opened) {
    my $to = $first + $_;
    syscall($call{dup3}, $opened[$_] + 0, $to, 0) == $to or fail($id, "descriptor $to");
  }
}

sub open_descriptor {
  my ($id, $number, $flags) = @_;
  my $path = $number eq '-' ? '/dev/null' : "/proc/$sidecar/fd/$number";
  sysopen(my $file, $path, $flags + 0) or fail($id, $path);
  fcntl($file, $F_SETPIPE_SZ, $OUTPUT_PIPE_BYTES) if $flags == $O_WRONLY;
  return fcntl($file, $F_DUPFD_CLOEXEC, $ABOVE_PASSED) || fail($id, $path);
}

sub change_user {
  my ($id, $uid, $gid) = @_;
  $_ += 0 for $uid, $gid;
  return if syscall($call{setgroups}, 0, 0) == 0 && syscall($call{setresgid}, $gid, $gid, $gid) == 0
    && syscall($call{setresuid}, $uid, $uid, $uid) == 0;
  fail($id, "user $uid");
}

sub stay_with_parent { syscall $call{prctl}, $PR_SET_PDEATHSIG, $SIGKILL, 0, 0, 0 }
`;
