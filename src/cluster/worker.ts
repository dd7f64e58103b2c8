/**
 * Several processes of one service, seen from one of them: which it is, and how it speaks with the
 * others through the process that keeps them. Gauges are asked of all and added up; what one is
 * told to forget, all forget. Nothing of a message ever goes this way.
 */

import type { Workers } from '../../schemas/health.ts';
import type { Config } from '../../schemas/settings/settings.ts';
import type { Settings } from '../settings/read-settings.ts';

/** What a worker gets when it starts. */
export type Role = {
  /** From 1; a worker that takes another's place takes its number. */
  readonly number: number;
  /** Key for the hashes of addresses in the log, the same for all. */
  readonly logHashKey: string;
};

/** What a worker is sent. */
export type ToWorker =
  | { readonly kind: 'role'; readonly role: Role; readonly settings: Settings }
  /** Tell your gauges. */
  | { readonly kind: 'tell'; readonly id: number }
  | { readonly kind: 'gathered'; readonly values: readonly unknown[] }
  | ({ readonly kind: 'listening' } & Workers)
  | { readonly kind: 'forget'; readonly name?: string | undefined };

/** What a worker sends. */
export type FromWorker =
  /** Listens on all its addresses. */
  | { readonly kind: 'listening' }
  /** Ends, and wants its shared listeners closed: whether clients still come to one of them. */
  | { readonly kind: 'quiet'; readonly isQuiet: boolean }
  /** Wants the gauges of all. */
  | { readonly kind: 'gather' }
  | { readonly kind: 'told'; readonly id: number; readonly values: unknown }
  | { readonly kind: 'forget'; readonly name?: string | undefined };

/** The others, for a service. */
export type Team = {
  /** Says what to do when the others ask. */
  readonly join: (member: {
    readonly readGauges: () => Promise<unknown>;
    readonly forget: (name: string | undefined) => void;
  }) => void;
  /** Tells that this one listens on all its addresses: from then on it is replaced when it ends. */
  readonly tellListening: () => void;
  /**
   * Says whether clients still come to a listener that is to close; the supervisor closes it, or
   * the only process itself.
   */
  readonly tellQuiet: (listener: { close(): unknown }, isQuiet: boolean) => void;
  /** How many listen now; null until that is known, and where there is one process. */
  readonly workers: () => Workers | null;
  /** The gauges of all, this one among them; null where there are no others. */
  readonly gather: () => Promise<readonly unknown[] | null>;
  /** Makes the others forget a name of the DNS cache, or everything. */
  readonly forget: (name: string | undefined) => void;
};

/** Waits for the role of this process. @returns its settings and the others */
export const takeRole = async (): Promise<{ settings: Settings; team: Team }> => {
  const { role, settings } = await new Promise<Extract<ToWorker, { kind: 'role' }>>((resolve) => {
    const take = (message: ToWorker): void => {
      if (message.kind !== 'role') return;
      process.off('message', take);
      resolve(message);
    };
    process.on('message', take);
  });
  return { settings: { ...settings, config: configOf(settings.config, role) }, team: createTeam() };
};

const configOf = (config: Config, { number, logHashKey }: Role): Config => {
  const mine = (address: string): boolean => number === 1 || !/^(?:unix|local):/.test(address);
  return {
    ...config,
    logHashKey,
    milterListen: config.milterListen.filter(mine),
    policyListen: config.policyListen.filter(mine),
  };
};

const createTeam = (): Team => {
  // The channel ends with the last connection after the listeners; nobody is left to ask then.
  const send = (message: FromWorker): void => void (process.connected && process.send?.(message));
  const visited = new Set<object>();
  let saidQuiet: boolean | undefined;
  let workers: Workers | null = null;
  let waiting: ((values: readonly unknown[]) => void)[] = [];
  return {
    join: ({ readGauges, forget }) => {
      process.on('message', async (message: ToWorker) => {
        switch (message.kind) {
          case 'tell':
            send({ kind: 'told', id: message.id, values: await readGauges() });
            return;
          case 'gathered':
            for (const resolve of waiting) resolve(message.values);
            waiting = [];
            return;
          case 'forget':
            forget(message.name);
            return;
          case 'listening':
            workers = { listening: message.listening, configured: message.configured };
            return;
          case 'role':
            return;
          default:
            message satisfies never;
        }
      });
    },
    tellListening: () => send({ kind: 'listening' }),
    tellQuiet: (listener, isQuiet) => {
      if (isQuiet) visited.delete(listener);
      else visited.add(listener);
      if (saidQuiet === (visited.size === 0)) return;
      saidQuiet = visited.size === 0;
      send({ kind: 'quiet', isQuiet: saidQuiet });
    },
    workers: () => workers,
    gather: () =>
      new Promise((resolve) => {
        // Whoever asks while an answer is on its way is content with that one.
        if (waiting.push(resolve) === 1) send({ kind: 'gather' });
      }),
    forget: (name) => send({ kind: 'forget', name }),
  };
};
