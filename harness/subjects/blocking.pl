#!/usr/bin/env perl
# blocking.pl - a subject of SUBJECT.md in one small file: nops, timers and TCP by plain calls.
#
# Happy path:  a line in, a line out; nothing is done at once, and each turn tries all that waits.
# Failures:    misuse is refused; what is in the way of a close, or of a shutdown, ends early.
use strict;
use warnings;
use Socket;
use Time::HiRes qw(clock_gettime usleep CLOCK_MONOTONIC);

my $CAN = 'nop,timer,accept,connect,receive,send,close,tcp4,auto,queue,descriptors';
my ($handle_room, $handle_count, $run_count, $shut_down) = (0, 0, 0, 0);
my (%handles, %contexts, @free, @waiting, @over);
open(my $memory, '+<', '/proc/self/fd/3') or die "the shared memory: $!\n";

sub now_ns { return int(clock_gettime(CLOCK_MONOTONIC) * 1e9) }
sub refused { return "refused error=$_[0]" }
sub error_name { return (grep { $!{$_} } sort keys %!)[0] }
sub answered { return $_[0] ? 'ok' : refused(error_name()) }
sub fields { return join '', map { " $_[0]$_=$_[1]{$_}" } sort keys %{$_[1]} }
sub show { return " busy=$_[0]{busy}" . fields('set.', $_[0]{set}) . fields('was.', $_[0]{was}) }
sub address { return pack_sockaddr_in($_[0] =~ /,(\d+)$/, inet_aton($_[0] =~ /,(.*),/)) }

sub add_handle {
    return 0 if keys %handles >= $handle_room;
    $_[0]->blocking(0);
    $handles{++$handle_count} = {socket => $_[0]};
    return $handle_count;
}

# FIN goes first, and nothing unread may make a reset of it. Returns true.
sub end_handle {
    my ($socket, $unread) = ((delete $handles{$_[0]})->{socket}, 'some');
    shutdown($socket, SHUT_WR);
    1 while defined recv($socket, $unread, 4096, MSG_DONTWAIT) && length $unread;
    return close $socket;
}

# All of it, in as many calls as it takes.
sub transmit {
    my ($h, $now, $room) = @_;
    sysseek $memory, $now->{memory} + $now->{bytes}, 0;
    sysread $memory, my $data, $room - $now->{bytes};
    my $count = send $h->{socket}, $data, MSG_NOSIGNAL;
    $now->{bytes} += $count // 0;
    return defined $count && ($now->{bytes} == $room || transmit(@_));
}

sub receive { # into no room: waits for something, and takes nothing
    my ($h, $now, $room) = @_;
    return 0 if !defined recv $h->{socket}, my $data, $room || 1, $room ? 0 : MSG_PEEK;
    $now->{flags} = 'end_of_stream' if !length $data;
    $now->{bytes} = length substr $data, 0, $room;
    sysseek $memory, $now->{memory}, 0;
    return !$now->{bytes} || syswrite $memory, $data;
}

# True when it is over.
sub attempt {
    my ($c, $h, $now, $what) = @_;
    my ($room) = ($c->{set}{window} // '0+0') =~ /\+(.*)/;
    return $what eq 'nop' || now_ns() >= $c->{due} if !$h;
    my $count = grep { $_->{h} && $_->{h} == $h } @waiting;
    return $count == 1 && end_handle($now->{handle}) if $what eq 'close';
    return $now->{error} = $h->{error} if $h->{error}; # it sticks
    my $over = $what eq 'accept' ? accept(my $new, $h->{socket})
        : $what eq 'connect' ? connect($h->{socket}, address($c->{set}{endpoint}))
        : $what eq 'receive' ? receive($h, $now, $room) : transmit($h, $now, $room);
    $now->{value} = add_handle($new) if $over && $new;
    return 0 if !$over && ($!{EAGAIN} || $!{EINTR} || $!{EINPROGRESS} || $!{EALREADY});
    $now->{error} = error_name() if !$over;
    $h->{error} = $now->{error} if $what eq 'receive';
    return 1;
}

# Once over all that waits, in order of the starts.
sub pass {
    my (%blocked, @left);
    for my $c (@waiting) {
        my ($now, $h, $line) = @$c{qw(now h line)};
        my $flag = $now->{operation} eq 'close' ? '' : $shut_down ? 'by_cancel'
            : $h && $h->{closing} && $line !~ /out/ ? 'by_close' : '';
        @$now{qw(error flags)} = ('ECANCELED', $flag) if $flag;
        my $over = $flag || !$blocked{$line} && attempt($c, $h, $now, $now->{operation});
        $blocked{$line} = !$over && $line;
        push @{$over ? \@over : \@left}, $c;
    }
    @waiting = @left;
}

sub turn {
    my $until = now_ns() + ($_[0]{timeout} // 0);
    for (pass(); !@over && now_ns() < $until && !($shut_down && !@waiting); pass()) { usleep(200) }
    my @told = splice @over, 0, $_[0]{count};
    @$_{qw(busy was)} = (0, $_->{now}) for @told;
    return join("\n", map({ "told context=$_->{number}" . fields('', $_->{was}) . show($_) } @told),
        $shut_down && !@waiting && !@over ? 'end error=ESHUTDOWN' : 'end');
}

sub start {
    my ($f, $h, $c, $what) = @_;
    my ($set, $to) = ($c->{set}, $f->{handle} // 0);
    my $why = $c->{busy} ? 'EBUSY' : $shut_down ? 'ESHUTDOWN' : $to && !$h ? 'EBADF' : '';
    return refused($why) . show($c) if $why;
    my $at = $what =~ /send|receive/ && $set->{memory};
    $at += ($set->{window} =~ /(.*)\+/)[0] if $at;
    $c->{now} = {operation => $what, handle => $to, run => ++$run_count, user => $set->{user} // 0,
        bytes => 0, memory => $at || 0};
    my $line = $what =~ /accept|receive/ ? "in $to" : $what =~ /connect|send/ ? "out $to" : '';
    @$c{qw(busy h line due)} = ($run_count, $h, $line, now_ns() + ($f->{after} // 0));
    $h->{closing} = 1 if $what eq 'close';
    push @waiting, $c;
    return 'pending' . show($c);
}

sub set_context {
    my ($f, undef, $c) = @_;
    return refused('EBUSY') if $c->{busy};
    $f->{memory} = $c->{slice} if $f->{slice};
    @{$c->{set}}{qw(memory bytes)} = split /\+/, $f->{memory} if $f->{memory};
    $f->{window} //= "0+$c->{set}{bytes}" if $f->{memory};
    $c->{set}{$_} = $f->{$_} for grep { defined $f->{$_} } qw(policy user window endpoint);
    return "ok context=$c->{number}" . show($c);
}

sub make_pool {
    my ($f, $pool) = ($_[0], 1 + keys %contexts); # as good a number as any
    for my $i (reverse 0 .. $f->{contexts} - 1) {
        my $slice = $f->{memory} + $i * $f->{slice} . "+$f->{slice}";
        push @free, {number => 1 + keys %contexts, pool => $pool, busy => 0, slice => $slice};
        $contexts{$free[-1]{number}} = $free[-1];
    }
    return "ok pool=$pool";
}

my %commands = (
    hello => sub { return "ok protocol=1 name=blocking version=1 can=$CAN" },
    loop => sub { $handle_room = $_[0]{handles}; return 'ok' },
    pool => \&make_pool, set => \&set_context, turn => \&turn,
    get => sub { my ($last) = grep { $free[$_]{pool} == $_[0]{pool} } reverse 0 .. $#free;
        return refused('EAGAIN') if !defined $last;
        my ($c) = splice @free, $last, 1;
        @$c{qw(taken set was)} = (1, {}, $c->{was} // {});
        return set_context({slice => 1}, undef, $c) },
    put => sub { my $c = $_[2];
        return refused($c->{busy} ? 'EBUSY' : 'EALREADY') if $c->{busy} || !$c->{taken};
        $c->{taken} = 0;
        return push(@free, $c) && 'ok' },
    socket => sub { socket my $new, AF_INET, SOCK_STREAM, 0 or return answered(0);
        my $number = add_handle($new);
        return $number ? "ok handle=$number" : refused('EAGAIN') },
    local => sub { my ($port, $host) = unpack_sockaddr_in(getsockname $_[1]{socket});
        return 'ok address=ip4,' . inet_ntoa($host) . ",$port" },
    bind => sub { return answered(bind $_[1]{socket}, address($_[0]{address})) },
    listen => sub { return answered(listen $_[1]{socket}, $_[0]{backlog}) },
    shutdown => sub { $shut_down = 1; return 'ok' },
    destroy => sub { end_handle($_) for keys %handles; return 'ok leaked=0' },
);

$| = 1;
while (my $line = <STDIN>) {
    my ($word, @pairs) = split ' ', $line;
    my %f = map { split /=/, $_, 2 } @pairs;
    my $named = $handles{$f{handle} // 0};
    my $h = $named && !$named->{closing} ? $named : undef;
    my @of = (\%f, $h, $contexts{$f{context} // 0}, $word);
    print $word =~ /bind|listen|local/ && !$h ? refused('EBADF')
        : $commands{$word} ? $commands{$word}->(@of)
        : ",$CAN," =~ /,$word,/ ? start(@of) : refused('ENOTSUP'), "\n";
}
