/**
 * A message and a domain that try to bring markup onto the page: in the header, in SPF, DMARC, DKIM
 * and BIMI records, in names.
 */

/** What would run if any text were read as markup. */
export const MARKUP = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>';

/** Zone of the hostile domain, for a DNS server that the service asks. */
export const HOSTILE_ZONE = `$ORIGIN hostile.test.
$TTL 300
@ IN SOA ns hostmaster 1 7200 900 1209600 60
@ IN NS ns
@ IN MX 10 mail
@ IN TXT "v=spf1 exp=why.%{d} -all <img/src=x/onerror=window.ran=1>"
@ IN TXT "<svg onload=window.ran=1>"
mail IN A 192.0.2.66
_dmarc IN TXT "v=DMARC1; p=reject; x=<img src=x onerror=window.ran=1>; rua=mailto:<b>bold</b>@hostile.test"
s._domainkey IN TXT "v=DKIM1; k=rsa; n=<script>window.ran=1</script>; p=MIIBIjANBgkq"
default._bimi IN TXT "v=BIMI1; l=javascript:window.ran=1"
_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:\\"onfocus=window.ran=1"
`;

/** The message, with CRLF. */
export const HOSTILE_MESSAGE = [
  `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=hostile.test; s=s; h=from:subject; bh=AAAA; b=${Buffer.from('<b>').toString('base64')}`,
  `From: "${MARKUP.replaceAll('"', "'")}" <a@hostile.test>`,
  `Subject: =?utf-8?B?${Buffer.from(MARKUP).toString('base64')}?=`,
  `Message-ID: <${'<i>'}@hostile.test>`,
  'Date: <u>now</u>',
  '',
  MARKUP,
  '',
].join('\r\n');
