/**
 * Macros of one milter session: the facts that a mail server sends before a command. Keeps only the
 * names listed here and a bounded value of each. A set belongs to the command it came before and
 * replaces the earlier set of that command; a value is looked up in the latest stage first, as
 * libmilter does.
 */
import { SMFIC } from './wire.ts';

/** Names that are kept, without braces. */
const KNOWN = new Set([
  'i',
  'j',
  'v',
  '_',
  'auth_authen',
  'auth_type',
  'cert_issuer',
  'cert_subject',
  'cipher',
  'cipher_bits',
  'client_addr',
  'client_name',
  'client_resolve',
  'daemon_name',
  'daemon_port',
  'tls_version',
  'verify',
]);

/** One more than any fact may have, so that a longer one is not taken for what it begins with. */
const MAX_VALUE_LENGTH = 1001;

/** Stages, latest first. */
const STAGES = [
  SMFIC.BODYEOB,
  SMFIC.BODY,
  SMFIC.EOH,
  SMFIC.HEADER,
  SMFIC.DATA,
  SMFIC.RCPT,
  SMFIC.MAIL,
  SMFIC.HELO,
  SMFIC.CONNECT,
] as const;

const OF_THE_MESSAGE: readonly string[] = STAGES.slice(0, STAGES.indexOf(SMFIC.HELO));

/** The macros of a session. */
type Macros = {
  /** Takes the set that came before a command. */
  set(command: string, values: readonly (readonly [name: string, value: string])[]): void;
  /** Value of a macro; undefined when it was not sent. @param name without braces */
  get(name: string): string | undefined;
  /** Forgets what belongs to a message. */
  clearMessage(): void;
  /** Forgets everything but the set that came for CONNECT, which is sent before that command. */
  keepConnect(): void;
  /** Forgets everything. */
  clear(): void;
};

/** Makes an empty table. */
export const createMacros = (): Macros => {
  const sets = new Map<string, Map<string, string>>();
  return {
    set: (command, values) => {
      if (!STAGES.some((stage) => stage === command)) return;
      sets.set(
        command,
        new Map(
          values
            .map(([name, value]) => [name.replace(/^\{(.*)\}$/, '$1'), value.slice(0, MAX_VALUE_LENGTH)] as const)
            .filter(([name]) => KNOWN.has(name)),
        ),
      );
    },
    get: (name) => {
      for (const stage of STAGES) {
        const value = sets.get(stage)?.get(name);
        if (value !== undefined) return value;
      }
      return undefined;
    },
    clearMessage: () => {
      for (const stage of OF_THE_MESSAGE) sets.delete(stage);
    },
    keepConnect: () => {
      for (const stage of STAGES) if (stage !== SMFIC.CONNECT) sets.delete(stage);
    },
    clear: () => sets.clear(),
  };
};
