/**
 * Selectors that well-known services and programs publish keys under, each with the service whose
 * set-up instructions or default configuration name it. Data only. Services that draw a selector at
 * random for each customer (Amazon SES, for one) cannot be listed here. At most a hundred: with the
 * other questions of an assessment they then take two rounds of the questions that the resolver has
 * in flight for one domain, not three.
 */

/** A selector and who uses it. */
type KnownSelector = { readonly selector: string; readonly service: string };

const BY_SERVICE: readonly (readonly [service: string, ...selectors: string[]])[] = [
  // Mailbox providers and suites
  ['Google Workspace', 'google'],
  ['Gmail', '20230601', '20210112', '20161025'],
  ['Microsoft 365', 'selector1', 'selector2'],
  ['Yahoo', 's2048', 's1024'],
  ['iCloud Mail', 'sig1'],
  ['Fastmail', 'fm1', 'fm2', 'fm3'],
  ['Proton Mail', 'protonmail', 'protonmail2', 'protonmail3'],
  ['Zoho Mail', 'zoho', 'zmail'],
  ['mailbox.org', 'mbo0001', 'mbo0002'],
  ['Migadu', 'key1', 'key2', 'key3'],
  ['Titan', 'titan1'],
  ['Hostinger', 'hostingermail-a', 'hostingermail-b', 'hostingermail-c'],
  ['Gandi', 'gm1', 'gm2', 'gm3'],
  ['IONOS', 's1-ionos', 's2-ionos'],
  ['STRATO', 'strato-dkim-0002'],
  ['Mail.ru', 'mailru'],
  ['Cloudflare Email Routing', 'cf2024-1'],
  // Bulk and transactional senders
  ['SendGrid', 's1', 's2', 'smtpapi', 'm1'],
  ['Mailchimp', 'k1', 'k2', 'k3'],
  ['Mandrill', 'mandrill', 'mte1'],
  ['Mailgun', 'pic', 'krs', 'mx', 'smtp', 'mta', 'mg'],
  ['Mailjet', 'mailjet'],
  ['Postmark', 'pm'],
  ['SparkPost', 'scph0518'],
  ['Brevo', 'brevo1', 'brevo2', 'sib'],
  ['Klaviyo', 'kl', 'kl2'],
  ['HubSpot', 'hs1', 'hs2'],
  ['Constant Contact', 'ctct1', 'ctct2'],
  ['Campaign Monitor', 'cm'],
  ['MailerLite', 'litesrv', 'ml'],
  ['MailerSend', 'mlsend'],
  ['ActiveCampaign', 'acdkim1', 'dk'],
  ['AWeber', 'aweber_key_a', 'aweber_key_b'],
  ['Salesforce Marketing Cloud', '200608'],
  ['Resend', 'resend'],
  ['Elastic Email', 'api'],
  ['turboSMTP', 'turbo-smtp'],
  ['Everlytic', 'everlytickey1', 'everlytickey2', 'eversrv'],
  ['Global Micro', 'mxvault'],
  ['Blackbaud', 'sm'],
  ['Zendesk', 'zendesk1', 'zendesk2'],
  ['Freshworks', 'fwdkim1'],
  ['Intercom', 'intercom'],
  ['Proofpoint', 'pps1', 'pphosted'],
  ['PayPal', 'pp-dkim1'],
  // Programs, and names that administrators choose
  ['OpenDKIM, cPanel and Plesk by default', 'default'],
  ['rspamd, Mailcow, iRedMail and Hetzner by default', 'dkim'],
  ['docker-mailserver and Yandex', 'mail'],
  ['Stalwart', 'stalwart'],
  ['Administrators', 'dkim1', 'dkim2', 'email', 'rspamd', 'sel1', 's', 'ed25519', 'ed'],
];

/** All of them, each selector once, in lower case. */
export const KNOWN_SELECTORS: readonly KnownSelector[] = BY_SERVICE.flatMap(([service, ...selectors]) =>
  selectors.map((selector) => ({ selector, service })),
);
