/**
 * Selectors that well-known services and programs publish keys under, each with the service whose set-up instructions or default configuration name it.
 * Data only. Services that draw a selector at random for each customer (Amazon SES, for one) cannot stand here.
 */

/** A selector and who uses it. */
export type KnownSelector = { readonly selector: string; readonly service: string };

const BY_SERVICE: readonly (readonly [service: string, ...selectors: string[]])[] = [
  // Mailbox providers and suites
  ['Google Workspace', 'google'],
  ['Gmail', '20230601', '20221208', '20210112', '20161025'],
  ['Microsoft 365', 'selector1', 'selector2'],
  ['Yahoo', 's2048', 's1024'],
  ['iCloud Mail', 'sig1'],
  ['Fastmail', 'fm1', 'fm2', 'fm3', 'mesmtp'],
  ['Proton Mail', 'protonmail', 'protonmail2', 'protonmail3'],
  ['Zoho Mail', 'zoho', 'zmail'],
  ['mailbox.org', 'mbo0001', 'mbo0002', 'mbo0003', 'mbo0004'],
  ['Migadu', 'key1', 'key2', 'key3'],
  ['Titan', 'titan1', 'titan2'],
  ['Hostinger', 'hostingermail-a', 'hostingermail-b', 'hostingermail-c', 'hostingermail1'],
  ['Gandi', 'gm1', 'gm2', 'gm3'],
  ['IONOS', 's1-ionos', 's2-ionos', 's42582890'],
  ['STRATO', 'strato-dkim-0002', 'strato-dkim-0003'],
  ['Mail.ru', 'mailru'],
  ['Cloudflare Email Routing', 'cf2024-1'],
  // Bulk and transactional senders
  ['SendGrid', 's1', 's2', 'smtpapi', 'm1', 'm2'],
  ['Mailchimp', 'k1', 'k2', 'k3'],
  ['Mandrill', 'mandrill', 'mte1', 'mte2'],
  ['Mailgun', 'mailo', 'pic', 'krs', 'mx', 'smtp', 'mta', 'mg', 'pdk1', 'pdk2'],
  ['Mailjet', 'mailjet'],
  ['Postmark', 'pm'],
  ['SparkPost', 'scph0118', 'scph0518', 'scph1117'],
  ['Brevo', 'brevo1', 'brevo2', 'sib'],
  ['Klaviyo', 'kl', 'kl2'],
  ['HubSpot', 'hs1', 'hs2'],
  ['Constant Contact', 'ctct1', 'ctct2'],
  ['Campaign Monitor', 'cm'],
  ['MailerLite', 'litesrv', 'ml'],
  ['MailerSend', 'mlsend', 'mlsend2'],
  ['ActiveCampaign', 'acdkim1', 'acdkim2', 'dk'],
  ['AWeber', 'aweber_key_a', 'aweber_key_b', 'aweber_key_c'],
  ['Salesforce Marketing Cloud', '200608', '10dkim1'],
  ['Resend', 'resend'],
  ['Elastic Email', 'api'],
  ['turboSMTP', 'turbo-smtp'],
  ['Everlytic', 'everlytickey1', 'everlytickey2', 'eversrv'],
  ['Global Micro', 'mxvault'],
  ['Blackbaud', 'sm'],
  ['Zendesk', 'zendesk1', 'zendesk2'],
  ['Freshworks', 'fwdkim1'],
  ['Intercom', 'intercom'],
  ['Proofpoint', 'pps1', 'pphosted', 'proofpoint'],
  ['PayPal', 'pp-dkim1'],
  // Programs, and names that administrators choose
  ['OpenDKIM, cPanel and Plesk by default', 'default'],
  ['rspamd and Stalwart by default', 'dkim', 'stalwart', 'rspamd'],
  ['Mailcow, Hetzner and docker-mailserver', 'mail'],
  ['iRedMail, Yandex and administrators', 'dkim1', 'dkim2', 'mail1', 'mail2', 'email', 'smtp1', 'server', 'x'],
  [
    'Administrators who number or date keys',
    'sel1',
    'sel2',
    'key',
    'a',
    'b',
    's',
    'dkim2048',
    'rsa',
    'ed25519',
    'ed',
    'k4',
    '2024',
    '2025',
    '2026',
  ],
];

/** All of them, each selector once, in lower case. */
export const KNOWN_SELECTORS: readonly KnownSelector[] = BY_SERVICE.flatMap(([service, ...selectors]) =>
  selectors.map((selector) => ({ selector, service })),
);
