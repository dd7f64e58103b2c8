/**
 * The five ways in which a mail server asks this service, with the names of the reader in what goes
 * into their files. The texts are those of docs/, which tell more. Pure.
 */

/**
 * @typedef {object} Names
 * @property {string} server host name of the mail server
 * @property {string} address what the milter and the policy service listen at
 * @property {string} url of the HTTP face, without a slash at its end
 */
/**
 * @typedef {object} Step
 * @property {string} text what to do
 * @property {string} file the path that the block goes into; words where it goes into none
 * @property {string} block
 */
/** @typedef {{ title: string, about: string, guide: string, steps: Step[] }} Way */

const MILTER_PORT = 8891;
const POLICY_PORT = 8892;

/** @param {Names} names @returns {Way[]} */
export const waysToConnect = (names) => [
  postfix(names),
  sendmail(names),
  stalwart(names),
  rawHook(names),
  haraka(names),
  policyService(names),
];

/** True where mail server and service share a machine. @param {string} address */
const isLocal = (address) => address === 'localhost' || /^127\./.test(address);

/**
 * The settings file of the service; whoever asks from another machine has to be named there.
 * @param {Names} names
 * @param {string[]} lines
 * @returns {Step}
 */
const service = ({ server, address }, lines) => ({
  text: 'Start Mailverdict with these settings: NODE_ENV=production npx mailverdict serve',
  file: 'mailverdict.yaml',
  block: [
    ...lines,
    ...(isLocal(address) ? [] : ['pipelineNetworks: ["<address of the mail server>"]']),
    `authservId: ${server}`,
    'enforce: false',
  ].join('\n'),
});

/** @param {Names} names @param {string[]} lines @returns {Step} */
const httpService = (names, lines) => service({ ...names, address: 'localhost' }, lines);

/** @returns {Step} */
const refuse = () => ({
  text: 'Watch the log for some days: wouldBe tells in each line what enforcement would have done. Then, in place of enforce: false:',
  file: 'the setting that refuses',
  block: 'enforce: true',
});

/** @param {Names} names @returns {Way} */
const postfix = (names) => ({
  title: 'Milter, for Postfix',
  about: 'each message is judged while its sender is connected',
  guide: 'docs/postfix.md',
  steps: [
    service(names, [`milterListen: [inet:${MILTER_PORT}@${names.address}]`]),
    {
      text: 'Tell Postfix, then postfix reload:',
      file: '/etc/postfix/main.cf',
      block: [
        `smtpd_milters = inet:${names.address}:${MILTER_PORT}`,
        'milter_protocol = 6',
        'milter_default_action = accept',
      ].join('\n'),
    },
    refuse(),
    {
      text: 'Once mail is refused, mail also waits at its sender while Mailverdict is down:',
      file: '/etc/postfix/main.cf',
      block: 'milter_default_action = tempfail',
    },
  ],
});

/** @param {Names} names @returns {Way} */
const sendmail = (names) => {
  const local = isLocal(names.address);
  const socket = local ? 'local:/run/mailverdict/milter.sock' : `inet:${MILTER_PORT}@${names.address}`;
  return {
    title: 'Milter, for Sendmail',
    about: 'each message is judged while its sender is connected',
    guide: 'docs/sendmail.md',
    steps: [
      ...(local
        ? [
            {
              text: 'Make the folder of the socket:',
              file: 'the folder of the socket',
              block: 'install -d -m 0750 /run/mailverdict',
            },
          ]
        : []),
      service(
        names,
        local
          ? ['milterListen: [unix:/run/mailverdict/milter.sock]', 'socketMode: "0660"']
          : [`milterListen: [inet:${MILTER_PORT}@${names.address}]`],
      ),
      {
        text: 'Tell Sendmail, before the MAILER lines; then make -C /etc/mail and restart it:',
        file: '/etc/mail/sendmail.mc',
        block: [
          `INPUT_MAIL_FILTER(\`mailverdict', \`S=${socket}, F=T, T=C:30s;S:30s;R:30s;E:2m')dnl`,
          "define(`confMILTER_MACROS_CONNECT', `j, _, {daemon_name}, {client_addr}, {client_name}, {client_resolve}, {if_name}, {if_addr}')dnl",
        ].join('\n'),
      },
      refuse(),
    ],
  };
};

/** @param {Names} names @returns {Way} */
const stalwart = (names) => ({
  title: 'MTA Hook, for Stalwart',
  about: 'over HTTP; the milter of Stalwart hands over the message as it came, so take that where you can',
  guide: 'docs/stalwart.md',
  steps: [
    httpService(names, ['port: 8080']),
    {
      text: 'Tell Stalwart where to ask:',
      file: 'the hook of Stalwart',
      block: [
        'stalwart-cli create MtaHook \\',
        `  --field url=${names.url}/v1/hooks/mta \\`,
        `  --field 'httpAuth={"@type":"Unauthenticated"}' \\`,
        "  --field 'httpHeaders={}'",
      ].join('\n'),
    },
    {
      text: 'Stalwart writes a field of its own under the same name: switch it off.',
      file: 'the field of Stalwart',
      block: `stalwart-cli update MtaStageData --field addAuthResultsHeader='{"else":"false"}'`,
    },
    {
      text: 'Let Stalwart take the changes over:',
      file: 'the command that reloads Stalwart',
      block: 'stalwart-cli create Action/ReloadSettings',
    },
    refuse(),
  ],
});

/** @param {Names} names @returns {Way} */
const rawHook = (names) => ({
  title: 'Raw hook, for Exim and programs of your own',
  about: 'the octets of the message in, what to do with it out',
  guide: 'docs/exim.md',
  steps: [
    httpService(names, ['port: 8080']),
    {
      text: 'Send the message as it came, with what your server saw of its sender. Every fact may be left out.',
      file: 'the request',
      block: [
        'curl --silent --data-binary @message.eml \\',
        `  '${names.url}/v1/hooks/raw?clientIp=192.0.2.10&helo=mail.brand.example&mailFrom=alice@brand.example'`,
      ].join('\n'),
    },
    {
      text: 'The answer names the action, the reply to the sender, and the fields to remove and to add. The program for Exim stands in docs/exim.md and asks here:',
      file: '/usr/local/bin/mailverdict-exim',
      block: `SERVICE = "${names.url}/v1/hooks/raw?"`,
    },
    refuse(),
  ],
});

/** @param {Names} names @returns {Way} */
const haraka = (names) => ({
  title: 'Plugin, for Haraka',
  about: 'one file, which asks over HTTP at the end of DATA',
  guide: 'docs/haraka.md',
  steps: [
    httpService(names, ['port: 8080']),
    {
      text: 'Copy the plugin and its settings from a checkout of Mailverdict:',
      file: 'the commands that copy the plugin',
      block: [
        'mkdir -p /etc/haraka/plugins',
        'cp deploy/haraka/mailverdict.js /etc/haraka/plugins/',
        'cp deploy/haraka/mailverdict.ini /etc/haraka/config/',
      ].join('\n'),
    },
    {
      text: 'Say where Mailverdict listens:',
      file: '/etc/haraka/config/mailverdict.ini',
      block: `url = ${names.url}`,
    },
    {
      text: 'Name the plugin behind every one that changes bodies and before those that queue, and restart Haraka:',
      file: '/etc/haraka/config/plugins',
      block: 'mailverdict',
    },
    refuse(),
  ],
});

/** @param {Names} names @returns {Way} */
const policyService = (names) => ({
  title: 'Policy service, for Postfix: SPF alone',
  about: 'answers before the message is sent; where a milter cannot be used',
  guide: 'docs/postfix.md',
  steps: [
    service(names, [`policyListen: [inet:${POLICY_PORT}@${names.address}]`, 'policySpfFail: prepend']),
    {
      text: 'Tell Postfix, then postfix reload:',
      file: '/etc/postfix/main.cf',
      block: [
        'smtpd_recipient_restrictions =',
        '    permit_mynetworks,',
        '    permit_sasl_authenticated,',
        '    reject_unauth_destination,',
        `    check_policy_service inet:${names.address}:${POLICY_PORT}`,
        'smtpd_policy_service_default_action = DUNNO',
      ].join('\n'),
    },
    {
      text: 'To refuse by SPF, in place of policySpfFail: prepend; it refuses forwarded mail too:',
      file: 'the setting that refuses by SPF',
      block: 'policySpfFail: reject',
    },
  ],
});
