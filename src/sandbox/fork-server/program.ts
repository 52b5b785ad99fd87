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
 * which is then copied, on either side. So what is forked makes little but system calls; what is needed of an order lies in
 * variables of the whole program, of which a forked process keeps its own; and the fork is the system call, without what
 * Perl and the C library do around it. Directories of the disk are made after it: a disk that hangs must not hold up all
 * orders. SIGPIPE is blocked in the fork server and let through again in what is forked, by the call that does so with
 * SIGCHLD: nothing that was ignored has to be set back. SIGFPE, which Perl ignores, is set back from the start.
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
 * The fork server is of the class SCHED_BATCH, see sched(7), and so are the processes that it forks: they have their share of
 * the processors as any other, but when they wake up they do not interrupt who is running, such as the host.
 *
 * A pipe that a process writes to is made to hold 256 KiB, as much as the output window by default, so that it need not
 * wait for the sidecar after every 64 KiB. Where the kernel allows no more, it stays as it is.
 */
const PROGRAM = String.raw`
use strict;
my ($sidecar, %call) = @ARGV;
my ($WNOHANG, $SIGKILL, $SIGCHLD, $AT_FDCWD, $S_IFIFO, $ENOENT, $ESRCH, $SCHED_BATCH) = (1, 9, 17, -100, 0010000, 2, 3, 3);
my ($LARGEST_ORDER, $LARGEST_CONTROL, $CONTROL_HEAD_BYTES, $MESSAGE) = (32768, 1040, 16, 'x16 P J P J x8');
my ($F_DUPFD_CLOEXEC, $F_SETFL, $O_NONBLOCK, $PR_SET_PDEATHSIG, $PR_SET_CHILD_SUBREAPER) = (1030, 4, 04000, 1, 36);
my ($SIG_BLOCK, $SIG_UNBLOCK, $SFD_NONBLOCK_CLOEXEC) = (0, 1, 02004000);
my ($DEATH_SIGNAL, $BLOCKED_SIGNALS) = map { pack 'Q', $_ } 1 << 16, 1 << 16 | 1 << 12;
my $NO_PRIORITY = pack 'i', 0;
my ($O_RDONLY, $O_WRONLY, $O_CLOEXEC, $O_PATH) = (0, 1, 02000000, 010000000);
my ($ABOVE_PASSED, $F_SETPIPE_SZ, $OUTPUT_PIPE_BYTES) = (32, 1031, 262144);
my ($OWN_STAT, $OWN_PID, $STAT_BYTES) = ('/proc/self/stat', '0', 1024);
my $started = "started 000000000000000 " . "\0" x $STAT_BYTES;
my ($ID_AT, $ID_DIGITS, $STAT_AT) = (8, 15, 24);
my $stat_address = $STAT_AT + unpack 'J', pack 'P', $started;

my ($id, $cwd, @user, @directories, @groups, @procs, @passed, @environment);
my ($limited, @limits) = ('');

my $fork_server = $$;
my ($orders, %running) = ('');
my ($zygote, %zygotes, %sandboxes, %entering, %born, %early, %told);
open(my $report, '>&=', fcntl(STDOUT, $F_DUPFD_CLOEXEC, $ABOVE_PASSED)) or die "standard output: $!\n";
pipe(my $bell, my $ringer) or die "pipe: $!\n";
fcntl $bell, $F_SETFL, $O_NONBLOCK;
$SIG{FPE} = 'DEFAULT';
syscall($call{rt_sigprocmask}, $SIG_BLOCK, $BLOCKED_SIGNALS, 0, 8) == 0 or die "signals: $!\n";
open(my $deaths, '<&=', syscall $call{signalfd4}, -1, $DEATH_SIGNAL, 8, $SFD_NONBLOCK_CLOEXEC) or die "signalfd: $!\n";
stay_with_parent();
syscall $call{sched_setscheduler}, 0, $SCHED_BATCH, $NO_PRIORITY;
opendir(my $seen, "/proc/$sidecar/fd") or die "/proc/$sidecar/fd: $!\n";
closedir $seen;
my $children;
syscall($call{prctl}, $PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 and open $children, '<', "/proc/self/task/$$/children";
my $title = title('sandbox');
my %handlers = (run => \&run, fifos => \&make_fifos, sandbox => \&make_sandbox, join => \&join_group);
my ($REPORT, $BELL, $DEATHS) = map { fileno $_ } $report, $bell, $deaths;
my $watched = '';
vec($watched, $_, 1) = 1 for 0, $DEATHS;
report('ready', 0);

while (1) {
  my $ready = $watched;
  vec($ready, $BELL, 1) = 1 if %early;
  next if select($ready, undef, undef, undef) < 0;
  reap() if vec($ready, $DEATHS, 1) || vec $ready, $BELL, 1;
  next if !vec($ready, 0, 1);
  my $got = sysread STDIN, $orders, 65536, length $orders;
  end() if defined $got && $got == 0;
  while (my ($order, @fields) = take_order(\$orders)) { $handlers{$order}->(\@fields) }
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
  take_over(\%exited) if %zygotes || %sandboxes;
  for my $pid (keys %exited) {
    my $ended = delete $running{$pid} // next;
    my $status = delete $sandboxes{$ended} ? delete $told{$ended} // $SIGKILL : $exited{$pid};
    push @ended, "ended $ended $status";
  }
  return if !@ended && (%running || %entering);
  my $orphans = orphans();
  my $left = $orphans ? scalar @$orphans : 'unknown';
  syswrite $report, join '', map { "$_ $left\n" } @ended;
  kill 'KILL', @$orphans if $orphans && !%running && !%entering;
}

sub orphans {
  return if !defined $children || !defined sysseek($children, 0, 0);
  my $listed = '';
  1 while sysread $children, $listed, 65536, length $listed;
  return [] if ($listed =~ tr/ //) == keys(%running) + keys %zygotes;
  return [grep { !exists $running{$_} && !exists $zygotes{$_} } split ' ', $listed];
}

sub end {
  reap();
  kill 'KILL', keys %running, keys %zygotes;
  for (1 .. 100) {
    reap();
    exit 0 if !%running && !%zygotes && !@{ orphans() || [] };
    select undef, undef, undef, 0.01;
  }
  exit 0;
}

sub make_fifos {
  my ($number, $directory, @names) = @{ +shift };
  for (@names) {
    next if syscall($call{mknodat}, $AT_FDCWD, my $path = "$directory/$_", $S_IFIFO | 0600, 0) == 0;
    return report('failed', $number, $! + 0, "$directory/$_");
  }
  report('made', $number);
}

sub join_group {
  my $file = $_[0][0];
  my $fd = open_fd($file, $O_WRONLY);
  return if $fd < 0;
  syscall $call{write}, $fd, $OWN_PID, 1;
  close_fd($fd);
}

sub run {
  my $fields = shift;
  my $rlimits = splice @$fields, 1, 1;
  prepare($fields) or return;
  prepare_limits($rlimits);
  my ($file, @argv) = @$fields;
  my ($argv, $environment) = words(\@argv, \@environment);
  substr($started, $ID_AT, $ID_DIGITS) = sprintf "%0*d", $ID_DIGITS, $id;
  forks() and return;
  settle_in($#passed);
  stay_with_parent();
  kill 'KILL', $$ if getppid != $fork_server;
  limit();
  my $length = syscall $call{read}, syscall($call{openat}, $AT_FDCWD, $OWN_STAT, $O_CLOEXEC, 0), $stat_address, $STAT_BYTES;
  if ($length > 0) { syscall $call{write}, $REPORT, $started, $STAT_AT + $length }
  else { report('started', $id, $$) }
  execute($file, $argv[0], $argv, $environment);
}

sub prepare {
  my $fields = shift;
  ($id, $cwd, my $descriptors, my $user) = splice @$fields, 0, 4;
  @user = split /,/, $user;
  $_ += 0 for @user;
  @passed = @procs = ();
  @groups = splice @$fields, 0, shift @$fields;
  my @group_directories = splice @$fields, 0, shift @$fields;
  @directories = splice @$fields, 0, shift @$fields;
  my @writes = splice @$fields, 0, shift @$fields;
  @environment = splice @$fields, 0, shift @$fields;
  for (@group_directories) { mkdir $_, 0700 or return refuse($_) }
  for (@writes) { write_limit(split / /, $_, 3) or return refuse((split / /, $_, 3)[2]) }
  my @descriptors = split /[:,]/, $descriptors;
  my $lowest = @descriptors > 6 ? $ABOVE_PASSED : 0;
  while (my ($number, $flags) = splice @descriptors, 0, 2) {
    my $path = $number eq '-' ? '/dev/null' : "/proc/$sidecar/fd/$number";
    push @passed, open_above($lowest, $path, $flags) // return refuse($path);
    syscall $call{fcntl}, $passed[-1], $F_SETPIPE_SZ, $OUTPUT_PIPE_BYTES if $flags == $O_WRONLY;
  }
  for (@groups) { push @procs, open_above($lowest, $_, $O_WRONLY) // return refuse($_) }
  return 1;
}

sub forks {
  my $pid = fork_at_once();
  if ($pid < 0) { refuse('fork') }
  elsif ($pid > 0) {
    close_passed();
    $running{$pid} = $id;
  }
  return $pid;
}

sub fork_at_once {
  my $pid = syscall $call{clone}, $SIGCHLD, 0, 0, 0, 0;
  syscall $call{rt_sigprocmask}, $SIG_UNBLOCK, $BLOCKED_SIGNALS, 0, 8 if $pid == 0;
  return $pid;
}

sub refuse {
  my $what = shift;
  report('refused', $id, $! + 0, $what);
  close_passed();
  return;
}

sub close_passed { syscall $call{close}, $_ for @passed, @procs }

sub settle_in {
  my $last = shift;
  for (@directories) { mkdir $_, 0700 or fail($_) }
  syscall $call{setsid};
  pass($passed[$_], $_) for 0 .. $last;
  chdir $cwd or fail($cwd);
  join_groups();
  change_user(@user) if @user;
}

sub join_groups {
  for (0 .. $#procs) { syscall($call{write}, $procs[$_], $OWN_PID, 1) == 1 or fail($groups[$_]) }
}

sub fail {
  my $what = shift;
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
  my ($from, $to) = @_;
  syscall($call{dup3}, $from, $to, 0) == $to or fail("descriptor $to");
}

sub prepare_limits {
  my $rlimits = shift;
  return if $rlimits eq $limited;
  $limited = $rlimits;
  @limits = map { my ($resource, $soft, $hard) = split /:/; ($resource + 0, pack 'QQ', $soft, $hard) } split /,/, $rlimits;
}

sub limit {
  for (my $at = 0; $at < @limits; $at += 2) { syscall $call{prlimit64}, 0, $limits[$at], $limits[$at + 1], 0 }
}

sub words { map { pack 'p*', @$_, undef } @_ }

sub execute {
  my ($file, $name, $argv, $environment) = @_;
  syscall $call{execve}, $file, $argv, $environment;
  my $code = $! == $ENOENT ? 127 : 126;
  syswrite STDERR, "$name: $!\n";
  leave($code);
}

sub leave { syscall $call{exit_group}, shift }

sub change_user {
  my ($uid, $gid) = @_;
  return if syscall($call{setgroups}, 0, 0) == 0 && syscall($call{setresgid}, $gid, $gid, $gid) == 0
    && syscall($call{setresuid}, $uid, $uid, $uid) == 0;
  fail("user $uid");
}

sub stay_with_parent { syscall $call{prctl}, $PR_SET_PDEATHSIG, $SIGKILL, 0, 0, 0 }
`;
