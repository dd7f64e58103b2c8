#!/usr/bin/perl
# Reads one report mail with Mail::DMARC and prints its rows as JSON: what Mail::DMARC would have put into its database.
use strict;
use warnings;
use JSON::PP;
use Mail::DMARC::Report;
use Mail::DMARC::Report::Receive;

open( my $out, '>&', \*STDOUT ) or die $!;
open( STDOUT, '>', '/dev/null' ) or die $!;    # it prints the subject

no warnings 'redefine';
*Mail::DMARC::Report::save_aggregate = sub {
    my $aggregate = shift->aggregate;
    my $metadata  = $aggregate->metadata;
    my $policy    = $aggregate->policy_published;
    my @rows      = map {
        my ( $row, $identifiers, $auth ) = ( $_->row, $_->identifiers, $_->auth_results );
        my $evaluated = $row->policy_evaluated;
        {   sourceIp    => $row->source_ip,
            count       => 0 + $row->count,
            disposition => $evaluated->disposition,
            dkim        => $evaluated->dkim,
            spf         => $evaluated->spf,
            reasons     => [ map { "$_->{type}: $_->{comment}" } @{ $evaluated->reason || [] } ],
            headerFrom  => $identifiers->header_from,
            signatures  => scalar @{ $auth->dkim || [] },
            spfResult   => $auth->spf->[0]->result,
        }
    } @{ $aggregate->record };
    print $out JSON::PP->new->canonical->encode(
        {   reportId => $metadata->report_id,
            begin    => 0 + $metadata->begin,
            end      => 0 + $metadata->end,
            domain   => $policy->domain,
            p        => $policy->p,
            rows     => \@rows,
        }
    );
    return 1;
};

Mail::DMARC::Report::Receive->new->from_file( $ARGV[0] );
