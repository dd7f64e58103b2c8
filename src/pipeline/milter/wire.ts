/**
 * The milter wire: frames to commands, replies to bytes. Strings end with NUL and have no charset,
 * so they are Latin-1 strings, one octet one code unit. Pure: reads no socket, knows no session.
 * The protocol has no RFC; the names are those of libmilter (mfapi.h, mfdef.h).
 */

/** Commands, from the mail server. */
export const SMFIC = {
  ABORT: 'A',
  BODY: 'B',
  CONNECT: 'C',
  MACRO: 'D',
  BODYEOB: 'E',
  HELO: 'H',
  QUIT_NC: 'K',
  HEADER: 'L',
  MAIL: 'M',
  EOH: 'N',
  OPTNEG: 'O',
  QUIT: 'Q',
  RCPT: 'R',
  DATA: 'T',
  UNKNOWN: 'U',
} as const;

/**
 * Replies, to the mail server. Only those this software sends: bare reject and tempfail give each
 * mail server's own text, shutdown loses mail.
 */
const SMFIR = {
  ACCEPT: 'a',
  CONTINUE: 'c',
  INSHEADER: 'i',
  CHGHEADER: 'm',
  OPTNEG: 'O',
  PROGRESS: 'p',
  QUARANTINE: 'q',
  REPLYCODE: 'y',
  SKIP: 's',
} as const;

/** One frame: its code as a character and what follows. */
export type Frame = { readonly code: string; readonly payload: Buffer };

/** Why the content of a frame cannot be read. The connection cannot go on after it. */
type WireFault = 'unknown-command' | 'malformed-command';

/** A command with its arguments. Strings are Latin-1 views of the octets. */
export type Command =
  | { kind: 'optneg'; version: number; actions: number; protocol: number }
  | { kind: 'macro'; command: string; values: [name: string, value: string][] }
  | { kind: 'connect'; hostname: string; family: string; port: number; address: string }
  | { kind: 'helo'; argument: string }
  | { kind: 'mail'; address: string; parameters: string[] }
  | { kind: 'rcpt'; address: string; parameters: string[] }
  | { kind: 'header'; name: string; value: string }
  | { kind: 'body'; chunk: Buffer }
  | { kind: 'eom'; chunk: Buffer }
  | { kind: 'data' | 'eoh' | 'abort' | 'quit' | 'quit-nc' | 'unknown' };

/**
 * Reads the command of a frame.
 * @returns a fault for a code that does not exist or arguments that cannot be read; never throws
 */
export const readCommand = ({ code, payload }: Frame): Command | WireFault => {
  switch (code) {
    case SMFIC.OPTNEG:
      return payload.length < 12
        ? 'malformed-command'
        : {
            kind: 'optneg',
            version: payload.readUInt32BE(0),
            actions: payload.readUInt32BE(4),
            protocol: payload.readUInt32BE(8),
          };
    case SMFIC.MACRO:
      return readMacros(payload);
    case SMFIC.CONNECT:
      return readConnect(payload);
    case SMFIC.HELO: {
      const [argument, ...more] = strings(payload) ?? [];
      return argument === undefined || more.length > 0 ? 'malformed-command' : { kind: 'helo', argument };
    }
    case SMFIC.MAIL:
    case SMFIC.RCPT: {
      const [address, ...parameters] = strings(payload) ?? [];
      if (address === undefined) return 'malformed-command';
      return { kind: code === SMFIC.MAIL ? 'mail' : 'rcpt', address, parameters };
    }
    case SMFIC.HEADER: {
      const end = payload.indexOf(0);
      if (end === -1 || end === payload.length - 1 || payload.at(-1) !== 0) return 'malformed-command';
      // A value with NUL stays whole: cut there, it would be another field than the one that goes
      // on.
      const value = payload.toString('latin1', end + 1, payload.length - 1);
      return { kind: 'header', name: payload.toString('latin1', 0, end), value };
    }
    case SMFIC.BODY:
      return { kind: 'body', chunk: payload };
    case SMFIC.BODYEOB:
      return { kind: 'eom', chunk: payload };
    case SMFIC.DATA:
      return { kind: 'data' };
    case SMFIC.EOH:
      return { kind: 'eoh' };
    case SMFIC.ABORT:
      return { kind: 'abort' };
    case SMFIC.QUIT:
      return { kind: 'quit' };
    case SMFIC.QUIT_NC:
      return { kind: 'quit-nc' };
    case SMFIC.UNKNOWN:
      return { kind: 'unknown' };
    default:
      return 'unknown-command';
  }
};

/**
 * Longest argument that is read, in octets: more than any fact may have, which is unknown then.
 * Facts live as long as their connection, and a piece of a longer text would keep all of it.
 */
const MAX_ARGUMENT_BYTES = 4_001;
/**
 * Most arguments of one command that are read. A path has some parameters, a message some 20
 * macros; a frame has room for a million empty ones.
 */
export const MAX_STRINGS = 256;

/**
 * The NUL-terminated arguments of a payload, each with memory of its own; null when the last one
 * does not end.
 */
const strings = (payload: Buffer): string[] | null => {
  if (payload.at(-1) !== 0) return null;
  const pieces: string[] = [];
  for (let at = 0; at < payload.length && pieces.length < MAX_STRINGS; ) {
    const end = payload.indexOf(0, at);
    pieces.push(payload.toString('latin1', at, Math.min(end, at + MAX_ARGUMENT_BYTES)));
    at = end + 1;
  }
  return pieces;
};

const readMacros = (payload: Buffer): Command | WireFault => {
  if (payload.length === 0) return 'malformed-command';
  // An odd count or a last string without NUL has been seen in the wild: what cannot be paired is
  // left out.
  const pieces = strings(payload.subarray(1, payload.lastIndexOf(0) + 1)) ?? [];
  const values: [string, string][] = [];
  for (let at = 0; at + 1 < pieces.length; at += 2) values.push([pieces[at] ?? '', pieces[at + 1] ?? '']);
  return { kind: 'macro', command: payload.toString('latin1', 0, 1), values };
};

const readConnect = (payload: Buffer): Command | WireFault => {
  const end = payload.indexOf(0);
  if (end === -1 || end + 1 >= payload.length) return 'malformed-command';
  const hostname = payload.toString('latin1', 0, Math.min(end, MAX_ARGUMENT_BYTES));
  const family = payload.toString('latin1', end + 1, end + 2);
  if (family === 'U') return { kind: 'connect', hostname, family, port: 0, address: '' };
  if (payload.length < end + 4) return 'malformed-command';
  const [address, ...more] = strings(payload.subarray(end + 4)) ?? [];
  if (address === undefined || more.length > 0) return 'malformed-command';
  return { kind: 'connect', hostname, family, port: payload.readUInt16BE(end + 2), address };
};

/** A reply. Names and values are Latin-1 without NUL. */
export type Reply =
  | { kind: 'continue' | 'accept' | 'skip' | 'progress' }
  | { kind: 'replycode'; line: string }
  | { kind: 'change-header'; occurrence: number; name: string; value: string }
  | { kind: 'insert-header'; index: number; name: string; value: string }
  | { kind: 'quarantine'; reason: string }
  | {
      kind: 'optneg';
      version: number;
      actions: number;
      protocol: number;
      macroLists: [stage: number, names: string][];
    };

/** Writes replies one behind the other into one buffer, for one write. */
export const writeReplies = (replies: readonly Reply[]): Buffer => Buffer.concat(replies.map(writeReply));

const writeReply = (reply: Reply): Buffer => {
  switch (reply.kind) {
    case 'continue':
      return frame(SMFIR.CONTINUE);
    case 'accept':
      return frame(SMFIR.ACCEPT);
    case 'skip':
      return frame(SMFIR.SKIP);
    case 'progress':
      return frame(SMFIR.PROGRESS);
    case 'replycode':
      return frame(SMFIR.REPLYCODE, text(reply.line));
    case 'change-header':
      return frame(SMFIR.CHGHEADER, number(reply.occurrence), text(reply.name), text(reply.value));
    case 'insert-header':
      return frame(SMFIR.INSHEADER, number(reply.index), text(reply.name), text(reply.value));
    case 'quarantine':
      return frame(SMFIR.QUARANTINE, text(reply.reason));
    case 'optneg':
      return frame(
        SMFIR.OPTNEG,
        number(reply.version),
        number(reply.actions),
        number(reply.protocol),
        ...reply.macroLists.flatMap(([stage, names]) => [number(stage), text(names)]),
      );
    default:
      return reply satisfies never;
  }
};

const frame = (code: string, ...pieces: Buffer[]): Buffer => {
  const payload = Buffer.concat([Buffer.from(code, 'latin1'), ...pieces]);
  return Buffer.concat([number(payload.length), payload]);
};

const number = (value: number): Buffer => {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
};

// A NUL inside would end the string early and let what follows be read as another argument.
const text = (value: string): Buffer => Buffer.from(`${value.replaceAll('\0', '')}\0`, 'latin1');
