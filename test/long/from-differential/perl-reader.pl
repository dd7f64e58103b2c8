# Reads From bodies, one a line in base64, and answers each with the domains that Mail::Address sees, in hexadecimal octets.
use strict;
use warnings;
use Mail::Address;
use MIME::Base64 qw(decode_base64);

$| = 1;
# It warns of each bracket that is not matched.
$SIG{__WARN__} = sub { };
while (my $line = <STDIN>) {
  my $body = decode_base64($line);
  $body =~ s/\r?\n(?=[ \t])//g;
  my @domains = eval { grep { length } map { $_->host } Mail::Address->parse($body) };
  print join(' ', map { unpack 'H*', $_ } @domains), "\n";
}
