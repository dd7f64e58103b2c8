/** Counts the open connections of a listener, in all and by peer. Refuses nothing itself. */
import type { Socket } from 'node:net';

/** The connections that have not closed. */
export class OpenConnections {
  readonly #byPeer = new Map<string, number>();
  #all = 0;

  get all(): number {
    return this.#all;
  }

  /** @param peer null: a peer that is not counted by itself, of which there are always 0 */
  of(peer: string | null): number {
    return peer === null ? 0 : (this.#byPeer.get(peer) ?? 0);
  }

  /** Counts a connection until it closes; a peer without any takes no memory. */
  add(socket: Socket, peer: string | null): void {
    this.#all += 1;
    if (peer !== null) this.#byPeer.set(peer, this.of(peer) + 1);
    socket.once('close', () => {
      this.#all -= 1;
      if (peer === null) return;
      const left = this.of(peer) - 1;
      if (left <= 0) this.#byPeer.delete(peer);
      else this.#byPeer.set(peer, left);
    });
  }
}
