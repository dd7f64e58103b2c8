/**
 * Plugin for Haraka 3.3 or newer: asks Mailverdict about each message at the end of DATA, refuses
 * what it refuses, and puts its fields on top of the rest. Settings are in config/mailverdict.ini.
 * Never changes a message that it does not let through, never waits longer than it is told to.
 */
const http = require('node:http');
const https = require('node:https');
const DSN = require('haraka-dsn');

/** Haraka gives a plugin 30 seconds, then it defers by itself. */
const LONGEST_WAIT_MS = 29_000;
/** An answer holds the verdict and some fields: some kilobytes. */
const MAX_ANSWER_BYTES = 4_194_304;
/** As many recipients as the service takes. */
const MAX_RECIPIENTS = 1000;
/** Where the answer waits between the two hooks. */
const NOTE = 'mailverdict';

exports.register = function () {
  this.load_settings();
  this.register_hook('data_post', 'judge');
  // Only after data_post: there Haraka replaces every Authentication-Results field when another
  // plugin has results.
  this.register_hook('queue', 'stamp');
  this.register_hook('queue_outbound', 'stamp');
};

exports.load_settings = function () {
  const { main } = this.config.get('mailverdict.ini', { booleans: ['-main.accept_when_down'] }, () =>
    this.load_settings(),
  );
  const { headers } = this.config.get('connection.ini', {
    booleans: ['+headers.add_received', '+headers.clean_auth_results'],
  });
  this.settings = {
    url: `${main.url ?? 'http://127.0.0.1:8080'}/v1/hooks/raw`,
    key: main.key,
    waitMs: Math.min(Math.max(Number(main.timeout_ms) || 27_000, 100), LONGEST_WAIT_MS),
    acceptWhenDown: main.accept_when_down,
    // Haraka puts its own Received field before what the client sent.
    hasReceived: headers.add_received,
    // Haraka renames incoming Authentication-Results fields.
    renamesResults: headers.clean_auth_results,
  };
};

exports.judge = async function (next, connection) {
  const { transaction } = connection;
  if (!transaction) return next();
  let answer;
  try {
    const message = asSent(await readOctets(transaction.message_stream), this.settings.hasReceived);
    answer = await ask(this.settings, {
      message: message.toString('base64'),
      encoding: 'base64',
      smtp: factsOf(connection),
    });
  } catch (error) {
    connection.logerror(this, `no verdict: ${error.message}`);
    if (this.settings.acceptWhenDown) return next();
    return next(DENYSOFT, DSN.create(451, 'Sender authentication is not available, please try again later', 7, 1));
  }
  connection.loginfo(this, `${answer.action}: ${answer.reason}`);
  if (answer.smtpReply) {
    const { code, enhancedCode, text } = answer.smtpReply;
    const [, subject, detail] = enhancedCode.split('.').map(Number);
    return next(code < 500 ? DENYSOFT : DENY, DSN.create(code, text, subject, detail));
  }
  transaction.notes.set(NOTE, answer);
  next();
};

exports.stamp = function (next, connection) {
  const { transaction } = connection;
  const answer = transaction?.notes.get(NOTE);
  if (!answer) return next();
  // A queue plugin that defers is asked again with the same message.
  transaction.notes.set(NOTE, null);
  const names = new Set(answer.removeHeaders.map(({ name }) => name.toLowerCase()));
  if (this.settings.renamesResults) names.delete('authentication-results');
  for (const name of names) transaction.remove_header(name);
  for (const { name, value } of answer.addHeaders) transaction.add_leading_header(name, value);
  next();
};

/**
 * The octets that the client sent, with the fields as they came: what Haraka holds for delivery has
 * them decoded and some renamed.
 */
function readOctets(stream) {
  return new Promise((resolve, reject) => {
    const { headers } = stream;
    stream.once('error', reject);
    // Without fields of its own the stream gives the header block that it was fed; which of both is
    // settled before pipe returns.
    stream.headers = [];
    try {
      stream.get_data(resolve);
    } finally {
      stream.headers = headers;
    }
  });
}

/** @throws when the message does not begin with the field that Haraka adds */
function asSent(octets, hasReceived) {
  if (!hasReceived) return octets;
  const field = /^Received:[^\n]*\n(?:[ \t][^\n]*\n)*/.exec(octets.toString('latin1', 0, 16_384));
  if (field === null) throw new Error('the Received field of Haraka is not where it should be');
  return octets.subarray(field[0].length);
}

function factsOf(connection) {
  const { transaction, remote, hello, tls, notes } = connection;
  const bare = (path) => path.format().replace(/^<|>$/g, '');
  const { version, standardName, name } = tls.cipher ?? {};
  return {
    clientIp: remote.ip,
    // Else it says why there is none.
    ...(remote.host?.includes('.') && { clientName: remote.host }),
    ...(hello.host && { helo: hello.host }),
    mailFrom: bare(transaction.mail_from),
    rcptTo: transaction.rcpt_to.slice(0, MAX_RECIPIENTS).map(bare),
    ...(tls.enabled && version && { tls: { version, cipher: standardName ?? name } }),
    ...(notes.auth_user && { auth: { identity: notes.auth_user } }),
    queueId: transaction.uuid,
  };
}

/** @returns the answer of the service @throws when there is none in time */
function ask({ url, key, waitMs }, question) {
  return new Promise((resolve, reject) => {
    const body = Buffer.from(JSON.stringify(question));
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    if (key) headers.authorization = `Bearer ${key}`;
    const client = url.startsWith('https:') ? https : http;
    const request = client.request(url, { method: 'POST', headers }, (response) => {
      const chunks = [];
      let bytes = 0;
      response.on('data', (chunk) => {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) request.destroy(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        try {
          if (response.statusCode !== 200) throw new Error(`the service answered ${response.statusCode}`);
          resolve(JSON.parse(text));
        } catch (error) {
          reject(error);
        }
      });
    });
    const timer = setTimeout(() => request.destroy(new Error('no answer in time')), waitMs);
    request.once('error', reject);
    request.once('close', () => clearTimeout(timer));
    request.end(body);
  });
}
