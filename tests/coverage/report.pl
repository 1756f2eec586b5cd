#!/usr/bin/perl
# SPDX-License-Identifier: MIT OR Apache-2.0
# Sums llvm-cov's export up: see check.sh. One place of the source is one branch, however many programs or units it was compiled into;
# what a macro hides counts where the macro is used.
# report.pl EXPORT UNREACHABLE FLOORS MISSING: lines "0|1 TAB text" on standard output, 0 = good
use strict;
use warnings;
use JSON::PP;

my ($export, $unreachable, $floors, $missing) = @ARGV;
my (%branch, %decision, %source, %named, %room);

sub slurp { open(my $f, '<', $_[0]) or die "$_[0]: $!\n"; local $/; return <$f> }

sub text_at { # the condition, as one line
	my ($file, $l1, $c1, $l2, $c2) = @_;
	$source{$file} //= [split /\n/, slurp($file)];
	my @lines = @{$source{$file}}[$l1 - 1 .. $l2 - 1];
	$lines[-1] = substr($lines[-1], 0, $c2 - 1);
	$lines[0] = substr($lines[0], $c1 - 1);
	s/^\s+|\s+$//g for @lines;
	return join(' ', @lines);
}

sub add_branch { my ($key, $true, $false) = @_; $branch{$key}[0] += $true; $branch{$key}[1] += $false }

# UNREACHABLE: FILE: never true|false: CONDITION # why
for (split /\n/, slurp($unreachable)) {
	next if /^\s*(#|$)/;
	/^(\S+): never (true|false): (.*?)\s+# \S/ or die "$unreachable: not a line: $_\n";
	$named{"$1\t$2\t$3"} = 0;
}
my @floors = map { /^(\S+)\s+(\d+(?:\.\d+)?)/ ? [$1, $2] : () } split(/\n/, slurp($floors));

for my $file (@{decode_json(slurp($export))->{data}[0]{files}}) {
	my $name = $file->{filename};
	next if $name =~ m{/tests/} || !grep { index($name, "$_->[0]/") == 0 } @floors;
	add_branch(join("\t", $name, @$_[0 .. 3]), @$_[4, 5]) for @{$file->{branches}};
	for my $expansion (@{$file->{expansions}}) {
		my @at = @{$expansion->{source_region}}[0 .. 3];
		add_branch(join("\t", $name, @at, @$_[0, 1]), @$_[4, 5]) for @{$expansion->{branches}};
	}
	for my $record (@{$file->{mcdc_records}}) {
		my $key = join("\t", $name, @$record[0 .. 3]);
		my @conditions = @{$record->[-1]};
		$decision{$key}[$_] ||= $conditions[$_] ? 1 : 0 for 0 .. $#conditions;
	}
}

open(my $out, '>', $missing) or die "$missing: $!\n";
for my $key (sort { my @a = split /\t/, $a; my @b = split /\t/, $b; $a[0] cmp $b[0] || $a[1] <=> $b[1] || $a[2] <=> $b[2] } keys %branch) {
	my ($file, @at) = split /\t/, $key;
	next if text_at($file, @at[0 .. 3]) eq 'kassert'; # defined away, but && and || in it are still told of
	my ($of) = grep { index($file, "$_->[0]/") == 0 } @floors;
	my $sum = $room{$of->[0]} //= {};
	for my $side (0, 1) {
		my $name = join("\t", $file, $side ? 'false' : 'true', text_at($file, @at[0 .. 3]));
		$sum->{all}++;
		if ($branch{$key}[$side]) {
			$sum->{taken}++;
			$named{$name} = -1 if exists $named{$name} && $named{$name} == 0;
		} elsif (exists $named{$name}) {
			$sum->{named}++;
			$named{$name} = 1;
		} else {
			printf $out "%s:%d:%d: never %s: %s\n", $file, @at[0, 1], $side ? 'false' : 'true', text_at($file, @at[0 .. 3]);
		}
	}
}
for my $key (keys %decision) {
	my ($file) = split /\t/, $key;
	my ($of) = grep { index($file, "$_->[0]/") == 0 } @floors;
	$room{$of->[0]}{conditions} += @{$decision{$key}};
	$room{$of->[0]}{decide} += grep { $_ } @{$decision{$key}};
}
for my $floor (@floors) {
	my $sum = $room{$floor->[0]} or die "$floor->[0]: no such code\n";
	my $share = 100 * ($sum->{taken} // 0) / ($sum->{all} - ($sum->{named} // 0));
	printf "%d\t%s: %d of %d branches (%.1f %%, at least %s), %d named unreachable; MC/DC: %d of %d conditions (%.1f %%)\n",
		$share + 1e-9 < $floor->[1], $floor->[0], $sum->{taken} // 0, $sum->{all}, $share, $floor->[1], $sum->{named} // 0,
		$sum->{decide} // 0, $sum->{conditions} // 0, 100 * ($sum->{decide} // 0) / ($sum->{conditions} || 1);
}
my $bad = 0;
for my $name (sort keys %named) {
	next if $named{$name} == 1;
	my ($file, $side, $text) = split /\t/, $name;
	print $out "# $file: never $side: $text: ", $named{$name} ? "was taken\n" : "is not there\n";
	$bad = 1;
}
exit $bad;
