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
 * Reads orders from its standard input (see `orders.ts`) and reports on its standard output (`reports.ts`), one line at
 * a time, each in one write, since the processes that it has forked report as well. At the end of its input it kills what
 * it has started and exits; when it is killed itself, the kernel kills what it has forked.
 *
 * What can be done before the fork is: after it nearly every operation of Perl's writes to a page that the processes share,
 * which is then copied. So what is forked makes little but system calls. Directories of the disk are made after it: a
 * disk that hangs must not hold up all orders. SIGFPE, which Perl ignores, is set back for what it executes by a system
 * call of its own.
 *
 * A descriptor of the sidecar is opened anew through /proc: so it need not be inherited by the fork server itself. All
 * that is opened beyond the standard streams is closed on exec; where a process gets more than those, it is opened above the
 * numbers that they get. A process joins its cgroups late, so that little of what it does before the command counts as
 * the task's. The death signal comes after the change of user, which would clear it; a fork server that has died before is
 * noticed by who its child's parent is.
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
my ($ABOVE_PASSED, $O_RDONLY, $O_WRONLY, $O_CLOEXEC, $F_SETPIPE_SZ, $OUTPUT_PIPE_BYTES) = (32, 0, 1, 02000000, 1031, 262144);
my ($OWN_STAT, $OWN_PID, $stat) = ('/proc/self/stat', '0', "\0" x 1024);

my $fork_server = $$;
my ($orders, %running) = ('');
my (%entrances, %filters, %entering, %outside, %early);
open(my $report, '>&=', fcntl(STDOUT, $F_DUPFD_CLOEXEC, $ABOVE_PASSED)) or die "standard output: $!\n";
pipe(my $bell, my $ringer) or die "pipe: $!\n";
fcntl $bell, $F_SETFL, $O_NONBLOCK;
$SIG{PIPE} = 'IGNORE';
$SIG{FPE} = 'DEFAULT';
syscall($call{rt_sigprocmask}, $SIG_BLOCK, $CHILD_SIGNAL, 0, 8) == 0 or die "SIGCHLD: $!\n";
open(my $deaths, '<&=', syscall $call{signalfd4}, -1, $CHILD_SIGNAL, 8, $SFD_NONBLOCK_CLOEXEC) or die "signalfd: $!\n";
stay_with_parent();
opendir(my $seen, "/proc/$sidecar/fd") or die "/proc/$sidecar/fd: $!\n";
closedir $seen;
my $children;
syscall($call{prctl}, $PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 and open $children, '<', "/proc/self/task/$$/children";
my $title = title('sandbox');
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
  while (my ($order, $id, @fields) = take_order(\$orders)) { $handlers{$order}->($id, @fields) }
}

sub take_order {
  my $unread = shift;
  return if length $$unread < 4 || length $$unread < 4 + (my $size = unpack 'N', $$unread);
  my @order = split /\0/, substr($$unread, 4, $size), -1;
  substr($$unread, 0, 4 + $size) = '';
  return @order;
}

sub title {
  my $name = shift;
  my ($line, $environment) = map { content("/proc/self/$_") // die "/proc/self/$_: $!\n" } qw(cmdline environ);
  return $name . "\0" x (length($line) - length $name) . $environment;
}

sub content {
  my $path = shift;
  open(my $file, '<:raw', $path) or return;
  local $/;
  return scalar(<$file>) // '';
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
  my ($id, $rlimits, @fields) = @_;
  my $setup = prepare($id, @fields) or return;
  my ($file, @argv) = @{ $setup->{rest} };
  my @limits = limits($rlimits);
  my @words = words(\@argv, $setup->{environment});
  fork_prepared($setup, sub {
    settle_in($setup, 0 .. $#{ $setup->{passed} });
    stay_with_parent();
    kill 'KILL', $$ if getppid != $fork_server;
    limit(@limits);
    syscall $call{read}, open_fd($OWN_STAT, $O_RDONLY), $stat, length $stat;
    syswrite $report, "started $id " . unpack 'Z*', $stat;
    execute($file, $argv[0], @words);
  });
}

sub prepare {
  my ($id, $cwd, $descriptors, $user, @rest) = @_;
  my @groups = splice @rest, 0, shift @rest;
  my @group_directories = splice @rest, 0, shift @rest;
  my @directories = splice @rest, 0, shift @rest;
  my @writes = splice @rest, 0, shift @rest;
  my @environment = splice @rest, 0, shift @rest;
  my @descriptors = split /,/, $descriptors;
  my %setup = (id => $id, cwd => $cwd, directories => \@directories, environment => \@environment, rest => \@rest,
    groups => \@groups, user => [map { $_ + 0 } split /,/, $user], passed => [], procs => []);
  for (@group_directories) { mkdir $_, 0700 or return refuse(\%setup, $_) }
  for (@writes) { write_limit(split / /, $_, 3) or return refuse(\%setup, (split / /, $_, 3)[2]) }
  my $lowest = @descriptors > 3 ? $ABOVE_PASSED : 0;
  for (@descriptors) {
    my ($number, $flags) = split /:/;
    my $path = $number eq '-' ? '/dev/null' : "/proc/$sidecar/fd/$number";
    push @{ $setup{passed} }, open_above($lowest, $path, $flags) // return refuse(\%setup, $path);
  }
  for (@groups) { push @{ $setup{procs} }, open_above($lowest, $_, $O_WRONLY) // return refuse(\%setup, $_) }
  return \%setup;
}

sub fork_prepared {
  my ($setup, $act) = @_;
  my $pid = fork;
  return refuse($setup, 'fork') if !defined $pid;
  if ($pid) {
    close_fd($_) for @{ $setup->{passed} }, @{ $setup->{procs} };
    return $running{$pid} = $setup->{id};
  }
  syscall $call{rt_sigprocmask}, $SIG_UNBLOCK, $CHILD_SIGNAL, 0, 8;
  $act->();
}

sub refuse {
  my ($setup, $what) = @_;
  report('refused', $setup->{id}, $! + 0, $what);
  close_fd($_) for @{ $setup->{passed} }, @{ $setup->{procs} };
  return;
}

sub settle_in {
  my ($setup, @wanted) = @_;
  my ($id, $passed) = @$setup{qw(id passed)};
  for my $directory (@{ $setup->{directories} }) { mkdir $directory, 0700 or fail($id, $directory) }
  syscall $call{setsid};
  syscall $call{sched_setscheduler}, 0, $SCHED_BATCH, $NO_PRIORITY;
  for my $to (@wanted) { pass($id, $passed->[$to], $to) }
  chdir $setup->{cwd} or fail($id, $setup->{cwd});
  for my $at (0 .. $#{ $setup->{procs} }) {
    syscall($call{write}, $setup->{procs}[$at], $OWN_PID, 1) == 1 or fail($id, $setup->{groups}[$at]);
  }
  change_user($id, @{ $setup->{user} }) if @{ $setup->{user} };
}

sub fail {
  my ($id, $what) = @_;
  report('failed', $id, $! + 0, $what);
  kill 'KILL', $$;
  leave(1);
}

sub write_limit {
  my ($tolerated, $value, $path) = @_;
  my $fd = open_fd($path, $O_WRONLY);
  my $written = $fd < 0 ? -1 : syscall $call{write}, $fd, $value, length $value;
  my $error = $!;
  close_fd($fd) if $fd >= 0;
  return 1 if $written > 0 || grep { $_ == $error } split /,/, $tolerated;
  $! = $error;
  return;
}

sub open_above {
  my ($lowest, $path, $flags) = @_;
  my $fd = open_fd($path, $flags);
  return if $fd < 0;
  syscall $call{fcntl}, $fd, $F_SETPIPE_SZ, $OUTPUT_PIPE_BYTES if $flags == $O_WRONLY;
  return $fd if !$lowest;
  my $moved = syscall $call{fcntl}, $fd, $F_DUPFD_CLOEXEC, $lowest;
  close_fd($fd);
  return $moved < 0 ? undef : $moved;
}

sub open_fd {
  my ($path, $flags) = @_;
  return syscall $call{openat}, $AT_FDCWD, $path, $flags | $O_CLOEXEC, 0;
}

sub close_fd { syscall $call{close}, shift }

sub pass {
  my ($id, $from, $to) = @_;
  syscall($call{dup3}, $from, $to, 0) == $to or fail($id, "descriptor $to");
}

sub limits { map { my ($resource, $soft, $hard) = split /:/; ($resource + 0, pack 'QQ', $soft, $hard) } split /,/, shift }

sub limit { syscall $call{prlimit64}, 0, shift, shift, 0 while @_ }

sub words { map { pack 'p*', @$_, undef } @_ }

sub execute {
  my ($file, $name, $argv, $environment) = @_;
  $SIG{PIPE} = 'DEFAULT';
  syscall $call{execve}, $file, $argv, $environment;
  my $code = $! == $ENOENT ? 127 : 126;
  syswrite STDERR, "$name: $!\n";
  leave($code);
}

sub leave { syscall $call{exit_group}, shift }

sub change_user {
  my ($id, $uid, $gid) = @_;
  return if syscall($call{setgroups}, 0, 0) == 0 && syscall($call{setresgid}, $gid, $gid, $gid) == 0
    && syscall($call{setresuid}, $uid, $uid, $uid) == 0;
  fail($id, "user $uid");
}

sub stay_with_parent { syscall $call{prctl}, $PR_SET_PDEATHSIG, $SIGKILL, 0, 0, 0 }
`;
