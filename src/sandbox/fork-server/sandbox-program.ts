/**
 * The part of the fork server that makes sandboxes. A forked process makes new namespaces of all kinds and the first
 * process in them, as a child of the fork server (CLONE_PARENT), tells who that is, and ends. Nothing further is forked in
 * the sandbox before it is gone from the groups, where it would count.
 *
 * The mounts are a copy of those of a template, which bubblewrap has made, in a user namespace below that of the
 * template: the kernel locks them there, so that nobody inside can take one away, or its protection. What a task can
 * write to, and what shows processes and terminals, is mounted anew for each sandbox. In the new user namespace only the
 * task's own user exists. The first process sheds all capabilities and puts itself under the filter before there is
 * a command; from then on it is not dumpable, which keeps the command, of the same user, out of its memory and descriptors.
 *
 * When the command ends the first process tells how, and ends; then the kernel kills all that is left in its pid
 * namespace before its own end can be seen. If the fork server dies, so does the first process, at any time: by the death
 * signal, or before that is set because nobody is left who could send an order.
 */
export const SANDBOX_PROGRAM = String.raw`
sub make_sandbox {
  my $fields = shift;
  my ($filter, $template, $network, $stdin) = splice @$fields, 1, 4;
  my $O_PATH = 010000000;
  prepare($fields) or return;
  $filters{$filter} //= $filter eq '' ? '' : content($filter) // return refuse($filter);
  pipe(my $entrance, my $door) or return refuse('pipe');
  push @passed, open_above(0, "/proc/$sidecar/fd/$template", $O_RDONLY) // return refuse('the template');
  push @passed, open_above(0, $stdin, $O_PATH) // return refuse($stdin);
  my $pid = forks();
  if ($pid > 0) {
    $entrances{$id} = $door;
    $entering{$id} = 1;
  }
  return if $pid;
  close $door;
  %entrances = ();
  my ($mounts, $input) = @passed[-2, -1];
  enter($mounts, { filter => $filters{$filter}, network => $network, entrance => $entrance, input => $input, rest => $fields });
}

sub take_over {
  my $exited = shift;
  sysread $bell, my $rung, 65536;
  while (($rung // '') =~ /(\d+) (\d+)\n/g) {
    my ($outside, $init) = ($1, $2);
    $outside{$outside} = $running{$init} = delete $running{$outside};
    delete $entering{$running{$init}};
    $exited->{$init} = delete $early{$init} if exists $early{$init};
  }
  for my $pid (keys %$exited) {
    if (exists $outside{$pid}) { order_inside(delete $outside{$pid}, 'begin') }
    elsif (%entering && !exists $running{$pid}) { $early{$pid} = $exited->{$pid} }
  }
  %early = () if !%entering;
}

sub pass_on {
  my ($number, @fields) = @{ +shift };
  order_inside($number, 'command', @fields);
}

sub order_inside {
  my ($number, @fields) = @_;
  my $door = $entrances{$number} or return;
  my $order = pack 'N/a*', join "\0", @fields;
  while (length $order) {
    my $written = syswrite($door, $order) // return;
    substr($order, 0, $written) = '';
  }
}

sub enter {
  my ($mounts, $sandbox) = @_;
  my ($CLONE_NEWUSER, $CLONE_NEWNS, $CLONE_NEWNET, $CLONE_OTHERS) = (0x10000000, 0x00020000, 0x40000000, 0x2e000000);
  my ($NS_GET_USERNS, $PR_SET_DUMPABLE, $CLONE_PARENT, $SIGCHLD) = (0xb701, 4, 0x8000, 17);
  my $network = $sandbox->{network};
  close $_ for $bell, $deaths;
  my $owner = call('the user namespace of the template', ioctl => $mounts, $NS_GET_USERNS, 0);
  settle_in(2);
  my @inside = ($> + 0, $) + 0);
  call('PR_SET_DUMPABLE', prctl => $PR_SET_DUMPABLE, 1, 0, 0, 0);
  call('setns of the user namespace', setns => $owner, $CLONE_NEWUSER);
  call('setns of the mount namespace', setns => $mounts, $CLONE_NEWNS);
  $sandbox->{maps} = ["$inside[0] " . ($> + 0) . ' 1', "$inside[1] " . ($) + 0) . ' 1'];
  call('unshare', unshare => $CLONE_NEWUSER | $CLONE_NEWNS | $CLONE_OTHERS | ($network ? 0 : $CLONE_NEWNET));
  stay_with_parent();
  kill 'KILL', $$ if getppid != $fork_server;
  my $init = call('clone', clone => $CLONE_PARENT | $SIGCHLD, 0, 0, 0, 0);
  be_init($sandbox) if !$init;
  report('entered', $id, $init);
  syswrite $ringer, "$$ $init\n";
  leave(0);
}

sub be_init {
  my $sandbox = shift;
  my ($entrance, @rest) = ($sandbox->{entrance}, @{ $sandbox->{rest} });
  my $PR_SET_DUMPABLE = 4;
  stay_with_parent();
  close $ringer;
  $0 = $title;
  furnish(@$sandbox{qw(maps network)}, \@rest);
  shed_privileges($sandbox->{filter});
  report('prepared', $id);
  my ($unread, %orders) = ('');
  await_order('begin', $entrance, \$unread, \%orders);
  fill($passed[3], @rest) if @rest;
  await_order('command', $entrance, \$unread, \%orders);
  call('PR_SET_DUMPABLE', prctl => $PR_SET_DUMPABLE, 0, 0, 0, 0);
  my $command = start_command($sandbox->{input}, @{ $orders{command} });
  while ((my $pid = wait) != $command) { leave(1) if $pid < 0 }
  report('exited', $id, $?);
  leave(0);
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
  socket(my $socket, $AF_INET, $SOCK_DGRAM, 0) or fail('a socket');
  ioctl($socket, $SIOCSIFFLAGS, my $loopback = pack 'a16 s x14', 'lo', $IFF_UP) or fail('the loopback device');
}

sub open_shown {
  my $path = shift;
  my ($O_PATH, $shown) = (010000000);
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
  open(my $file, '>', $path) or fail($path);
  syswrite $file, $text or fail($path);
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

sub await_order {
  my ($awaited, $entrance, $unread, $orders) = @_;
  until (exists $orders->{$awaited}) {
    sysread($entrance, $$unread, 65536, length $$unread) or leave(1);
    while (my ($order, @fields) = take_order($unread)) { $orders->{$order} = \@fields }
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
