/**
 * The part of the fork server that makes sandboxes. A process of it, the zygote, lives in the user and mount namespace of the
 * template. It clones the first process of each sandbox into new namespaces of all kinds, as a child of the fork server
 * (CLONE_PARENT), and tells who that is: so nothing is forked or given up on the way that the sandbox does not consist of.
 * What a sandbox gets is opened by the fork server, since in the zygote's namespaces nothing of it could be, and reaches the
 * zygote as descriptors (SCM_RIGHTS). What is rung with the bell the fork server hears when some process dies, which is
 * before it has to know: who was made for which order, when the zygote has let go of it ('made'), or if that is lost ('born'),
 * and how the command ended. It is waited for only where somebody has died of whom nothing is known yet. There is a zygote
 * for each template, when a sandbox of it is asked for, and the one before it ends when it has carried out its orders. What
 * was asked of a zygote that has died is refused.
 *
 * The mounts are a copy of those of a template, which bubblewrap has made, in a user namespace below that of the
 * template: the kernel locks them there, so that nobody inside can take one away, or its protection. What a task can
 * write to, and what shows processes and terminals, is mounted anew for each sandbox. In the new user namespace only the
 * task's own user exists. The first process joins the task's cgroups before anything else, and is in a cgroup namespace from
 * then on that shows nothing above them. It sheds all capabilities and puts itself under the filter before there is
 * a command; from then on it is not dumpable, which keeps the command, of the same user, out of its memory and descriptors.
 *
 * When the command ends the first process tells how, and ends; then the kernel kills all that is left in its pid
 * namespace before its own end can be seen. If the fork server dies, so do the zygote and the first process, at any time: by
 * the death signal, or before that is set because nobody is left who could send an order.
 */
export const SANDBOX_PROGRAM = String.raw`
sub make_sandbox {
  my $fields = shift;
  my ($filter, $template, $mounts, $network, $stdin) = splice @$fields, 1, 5;
  my $EMSGSIZE = 90;
  prepare($fields) or return;
  push @passed, open_above(0, $stdin, $O_PATH) // return refuse($stdin);
  my $order = join "\0", $id, $network, scalar @groups, @groups, @$fields;
  if (length $order > $LARGEST_ORDER) {
    $! = $EMSGSIZE;
    return refuse('an order for a sandbox');
  }
  for (1, 2) {
    my $line = line_to_zygote($template, $mounts, $filter) or return;
    ($sandboxes{$id}, $entering{$id}) = (1, $zygote->{pid});
    return close_passed() if hand_over($line, $order, @passed, @procs);
    undef $zygote;
    forget_sandbox($id);
  }
  refuse('the zygote of sandboxes');
}

sub forget_sandbox {
  my $number = shift;
  delete $_->{$number} for \%sandboxes, \%entering, \%born;
}

sub line_to_zygote {
  my ($template, $mounts, $filter) = @_;
  my $made_of = join ' ', $template, $filter, @user;
  return $zygote->{line} if $zygote && $zygote->{made_of} eq $made_of;
  my $program = $filter eq '' ? '' : content($filter) // return refuse($filter);
  my ($AF_UNIX, $SOCK_SEQPACKET) = (1, 5);
  socketpair(my $line, my $end, $AF_UNIX, $SOCK_SEQPACKET, 0) or return refuse('socketpair');
  my $namespace = open_above(0, "/proc/$sidecar/fd/$mounts", $O_RDONLY) // return refuse('the template');
  my $pid = fork_at_once();
  if ($pid == 0) {
    close $_ for $line, $bell, $deaths;
    be_zygote(fileno $end, $namespace, $program);
  }
  close_fd($namespace);
  return refuse('fork') if $pid < 0;
  $zygotes{$pid} = 1;
  $zygote = { pid => $pid, line => $line, made_of => $made_of };
  return $line;
}

sub hand_over {
  my ($line, $order, @descriptors) = @_;
  my ($SOL_SOCKET, $SCM_RIGHTS) = (1, 1);
  my $control = pack 'J i i i* x![J]', $CONTROL_HEAD_BYTES + 4 * @descriptors, $SOL_SOCKET, $SCM_RIGHTS, @descriptors;
  my $place = pack 'P J', $order, length $order;
  my $message = pack $MESSAGE, $place, 1, $control, length $control;
  return syscall($call{sendmsg}, fileno $line, $message, 0) > 0;
}

sub take_over {
  my $exited = shift;
  sysread $bell, my $rung, 65536;
  while (($rung // '') =~ /(\w+) (\d+) (\d+)\n/g) {
    my ($what, $number, $told) = ($1, $2, $3);
    if ($what eq 'exited') { $told{$number} = $told }
    elsif ($what eq 'none') { forget_sandbox($number) }
    elsif ($what eq 'born') { $born{$number} = $told if exists $entering{$number} }
    elsif ($what eq 'made') { adopt($number, $told, $exited) }
  }
  for my $pid (keys %$exited) {
    if (delete $zygotes{$pid}) { lose_zygote($pid, $exited) }
    elsif (%entering && !exists $running{$pid}) { $early{$pid} = $exited->{$pid} }
  }
  %early = () if !%entering;
}

sub adopt {
  my ($number, $init, $exited) = @_;
  delete $_->{$number} for \%entering, \%born;
  $running{$init} = $number;
  $exited->{$init} = delete $early{$init} if exists $early{$init};
}

sub lose_zygote {
  my ($pid, $exited) = @_;
  undef $zygote if $zygote && $zygote->{pid} == $pid;
  for my $number (grep { $entering{$_} == $pid } keys %entering) {
    if (exists $born{$number}) { adopt($number, $born{$number}, $exited); next }
    forget_sandbox($number);
    report('refused', $number, $ESRCH, 'the zygote of sandboxes');
  }
}

sub be_zygote {
  my ($line, $mounts, $filter) = @_;
  my ($CLONE_NEWUSER, $CLONE_NEWNS, $CLONE_NEWNET, $CLONE_OTHERS) = (0x10000000, 0x00020000, 0x40000000, 0x2c000000);
  my ($NS_GET_USERNS, $CLONE_PARENT, $O_RDWR) = (0xb701, 0x8000, 2);
  undef $zygote;
  close_passed();
  syscall $call{setsid};
  my $host = open_above(0, '/proc', $O_PATH) // fail('/proc');
  my $nowhere = open_above(0, '/dev/null', $O_RDWR) // fail('/dev/null');
  pass($nowhere, $_) for 0, 1;
  close_fd($nowhere);
  my $owner = call('the user namespace of the template', ioctl => $mounts, $NS_GET_USERNS, 0);
  change_user(@user) if @user;
  my @outside = ($> + 0, $) + 0);
  call('setns of the user namespace', setns => $owner, $CLONE_NEWUSER);
  call('setns of the mount namespace', setns => $mounts, $CLONE_NEWNS);
  close_fd($_) for $owner, $mounts;
  my $maps = ["$outside[0] " . ($> + 0) . ' 1', "$outside[1] " . ($) + 0) . ' 1'];
  stay_with_parent();
  leave(1) if getppid != $fork_server;
  be_dumpable(0);
  $0 = $title;
  my $flags = $CLONE_NEWUSER | $CLONE_NEWNS | $CLONE_OTHERS | $CLONE_PARENT | $SIGCHLD;
  @user = ();
  my @inbox = ("\0" x $LARGEST_ORDER, "\0" x $LARGEST_CONTROL);
  while (my ($order, @descriptors) = receive($line, \@inbox)) {
    ($id, my $network, my @fields) = split /\0/, $order, -1;
    my $init = syscall $call{clone}, $network ? $flags : $flags | $CLONE_NEWNET, 0, 0, 0, 0;
    if ($init == 0) {
      close_fd($line);
      be_init({ host => $host, filter => $filter, maps => $maps, network => $network, rest => \@fields }, @descriptors);
    }
    report('refused', $id, $! + 0, 'clone') if $init < 0;
    syscall $call{close}, $_ for @descriptors;
    syswrite $ringer, $init < 0 ? "none $id 0\n" : "made $id $init\n";
  }
  leave(0);
}

sub receive {
  my ($line, $inbox) = @_;
  my $MSG_CMSG_CLOEXEC = 0x40000000;
  my $place = pack 'P J', $inbox->[0], $LARGEST_ORDER;
  my $message = pack $MESSAGE, $place, 1, $inbox->[1], $LARGEST_CONTROL;
  my $length = syscall $call{recvmsg}, $line, $message, $MSG_CMSG_CLOEXEC;
  return if $length <= 0;
  my ($bytes, undef, undef, @descriptors) = unpack 'J i i i*', $inbox->[1];
  return substr($inbox->[0], 0, $length), @descriptors[0 .. ($bytes - $CONTROL_HEAD_BYTES) / 4 - 1];
}

sub be_init {
  my ($sandbox, @descriptors) = @_;
  my $CLONE_NEWCGROUP = 0x02000000;
  stay_with_parent();
  my $rest = $sandbox->{rest};
  @groups = splice @$rest, 0, shift @$rest;
  @procs = splice @descriptors, @descriptors - @groups;
  my $input = pop @descriptors;
  @passed = @descriptors;
  settle_in(2);
  call('unshare', unshare => $CLONE_NEWCGROUP);
  be_dumpable(1);
  furnish(@$sandbox{qw(maps network)}, $rest);
  shed_privileges($sandbox->{filter});
  tell_identity($sandbox->{host});
  fill($passed[4], @$rest) if @$rest;
  my @command = await_command($passed[3]);
  be_dumpable(0);
  my $command = start_command($input, @command);
  while ((my $pid = wait) != $command) { leave(1) if $pid < 0 }
  syswrite $ringer, "exited $id $?\n";
  leave(0);
}

sub tell_identity {
  my $host = shift;
  substr($started, $ID_AT, $ID_DIGITS) = sprintf "%0*d", $ID_DIGITS, $id;
  my $fd = call('/proc/self/stat', openat => $host, 'self/stat', $O_CLOEXEC, 0);
  my $length = call('/proc/self/stat', read => $fd, $stat_address, $STAT_BYTES);
  close_fd($_) for $fd, $host;
  syswrite $ringer, "born $id $1\n" if substr($started, $STAT_AT, 16) =~ /^(\d+) /;
  syscall $call{write}, $REPORT, $started, $STAT_AT + $length;
}

sub be_dumpable {
  my $PR_SET_DUMPABLE = 4;
  call('PR_SET_DUMPABLE', prctl => $PR_SET_DUMPABLE, shift, 0, 0, 0);
}

sub furnish {
  my ($maps, $network, $rest) = @_;
  my ($NOSUID, $NODEV, $NOEXEC, $SIOCSIFFLAGS, $IFF_UP, $AF_INET, $SOCK_DGRAM) = (2, 4, 8, 0x8914, 1, 2, 2);
  my @tmpfs = splice @$rest, 0, shift @$rest;
  my @directories = splice @$rest, 0, shift @$rest;
  my @carried_over = map { open_shown($_) } splice @$rest, 0, shift @$rest;
  mount_new('proc', '/proc', $NOSUID | $NODEV | $NOEXEC, '');
  tell_kernel('/proc/self/setgroups', 'deny');
  tell_kernel('/proc/self/uid_map', $maps->[0]);
  tell_kernel('/proc/self/gid_map', $maps->[1]);
  for (@tmpfs) {
    my ($options, $path) = split / /, $_, 2;
    mount_new('tmpfs', $path, $NOSUID | $NODEV, $options);
  }
  mount_new('devpts', '/dev/pts', $NOSUID | $NOEXEC, 'newinstance,ptmxmode=0666,mode=620');
  for (@directories) { mkdir $_, 0700 or fail($_) }
  show_again(@$_) for @carried_over;
  my $name = 'sandbox';
  call('sethostname', sethostname => $name, length $name);
  return if $network;
  my $socket = call('a socket', socket => $AF_INET, $SOCK_DGRAM, 0);
  call('the loopback device', ioctl => $socket, $SIOCSIFFLAGS, my $loopback = pack 'a16 s x14', 'lo', $IFF_UP);
  close_fd($socket);
}

sub open_shown {
  my $path = shift;
  my $shown;
  return [$path, $shown] if sysopen $shown, $path, $O_PATH;
  return if $! == $ENOENT;
  fail($path);
}

sub show_again {
  my ($path, $shown) = @_;
  my ($MS_BIND, $MS_REC, $O_WRONLY_CREAT) = (4096, 16384, 0101);
  my $parent = '';
  mkdir $parent .= "/$_" for (split m{/}, $path)[1 .. $path =~ tr{/}{} - 1];
  -d $shown ? mkdir $path : sysopen my $place, $path, $O_WRONLY_CREAT;
  my $from = '/proc/self/fd/' . fileno $shown;
  call("mount of $path", mount => $from, $path, '', $MS_BIND | $MS_REC, '');
}

sub mount_new {
  my ($type, $path, $flags, $options) = @_;
  call("mount of $path", mount => $type, $path, $type, $flags, $options);
}

sub tell_kernel {
  my ($path, $text) = @_;
  my $fd = open_fd($path, $O_WRONLY);
  fail($path) if $fd < 0 || syscall($call{write}, $fd, $text, length $text) < 0;
  close_fd($fd);
}

sub shed_privileges {
  my $filter = shift;
  my ($PR_CAPBSET_DROP, $PR_SET_NO_NEW_PRIVS, $PR_SET_SECCOMP, $SECCOMP_MODE_FILTER, $CAPABILITIES) = (24, 38, 22, 2, 64);
  for (0 .. $CAPABILITIES - 1) { last if syscall($call{prctl}, $PR_CAPBSET_DROP, $_, 0, 0, 0) != 0 }
  my ($version, $none) = (pack('Li', 0x20080522, 0), "\0" x 24);
  call('capset', capset => $version, $none);
  call('PR_SET_NO_NEW_PRIVS', prctl => $PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return if $filter eq '';
  my $program = pack 'S x![P] P', length($filter) / 8, $filter;
  call('PR_SET_SECCOMP', prctl => $PR_SET_SECCOMP, $SECCOMP_MODE_FILTER, $program, 0, 0);
}

sub fill {
  my ($source, @argv) = @_;
  my $pid = fork // fail('fork of the archiver');
  if (!$pid) {
    pass($source, 0);
    execute($argv[0], $argv[0], words(\@argv, []));
  }
  waitpid $pid, 0;
  $? == 0 or fail('the archiver');
  report('filled', $id);
}

sub await_command {
  open(my $entrance, '<&=', shift) or fail('the entrance');
  my $unread = '';
  while (1) {
    my @command = take_order(\$unread);
    return @command if @command;
    sysread($entrance, $unread, 65536, length $unread) or leave(1);
  }
}

sub start_command {
  my ($input, $rlimits, $has_input, $directory, @rest) = @_;
  prepare_limits($rlimits);
  my @environment = splice @rest, 0, shift @rest;
  my ($file, @argv) = @rest;
  my @words = words(\@argv, \@environment);
  my $stdin = "/proc/self/fd/$input";
  my $pid = fork // fail('fork of the command');
  return $pid if $pid;
  syscall $call{setsid};
  if ($has_input) {
    pass(open_above(0, $stdin, $O_RDONLY) // fail('the standard input'), 0);
    report('executing', $id);
  }
  chdir $directory or fail($directory);
  limit();
  execute($file, $argv[0], @words);
}

sub call {
  my ($what, $name, @arguments) = @_;
  my $result = syscall $call{$name}, @arguments;
  fail($what) if $result == -1;
  return $result;
}
`;
