/**
 * Reports to addresses of one domain in a minute: at most as many as the settings allow, whatever
 * the clock does. A report that must wait gets a time of its own, so that waiting ones do not come
 * back all at once. Kept in memory: one process sends.
 */

const MINUTE = 60;

/** Reports at one domain. */
type Host = {
  /** When reports went within the last minute, ascending. */
  sent: number[];
  /** When waiting reports may come back, by Report-ID. */
  readonly promised: Map<string, number>;
};

/** Turns of reports at domains. */
export class HostPace {
  readonly #perMinute: number;
  readonly #hosts = new Map<string, Host>();
  #lastSeconds = 0;

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /**
   * Takes a turn for a report at each of its domains, or none.
   * @returns now when it may go, otherwise when to ask again
   */
  take(reportId: string, domains: ReadonlySet<string>, nowSeconds: number): number {
    this.#forget(nowSeconds);
    const hosts = [...domains].map((domain) => this.#hostOf(domain));
    const atSeconds = Math.max(nowSeconds, ...hosts.map((host) => this.#turnAt(host, reportId, nowSeconds)));
    for (const host of hosts) {
      if (atSeconds > nowSeconds) host.promised.set(reportId, atSeconds);
      else host.sent.push(nowSeconds);
    }
    return atSeconds;
  }

  #hostOf(domain: string): Host {
    const host = this.#hosts.get(domain) ?? { sent: [], promised: new Map() };
    this.#hosts.set(domain, host);
    return host;
  }

  #turnAt({ sent, promised }: Host, reportId: string, nowSeconds: number): number {
    const isFree = sent.length < this.#perMinute;
    if (promised.delete(reportId) && isFree) return nowSeconds;
    // The turn that many places before decides: a minute at least lies between the two.
    const before = [...sent, ...promised.values()].at(-this.#perMinute);
    const queued = before === undefined ? nowSeconds : before + MINUTE;
    if (queued > nowSeconds || isFree) return queued;
    return (sent.at(-this.#perMinute) ?? nowSeconds) + MINUTE;
  }

  #forget(nowSeconds: number): void {
    // After a clock was set back, what it showed before would hold reports up for as long.
    if (nowSeconds < this.#lastSeconds) this.#hosts.clear();
    this.#lastSeconds = nowSeconds;
    for (const [domain, host] of this.#hosts) {
      host.sent = host.sent.filter((atSeconds) => atSeconds > nowSeconds - MINUTE);
      // Whoever does not come back was sent by another process, or is not sent any more.
      for (const [reportId, atSeconds] of host.promised)
        if (atSeconds < nowSeconds - 60 * MINUTE) host.promised.delete(reportId);
      if (host.sent.length === 0 && host.promised.size === 0) this.#hosts.delete(domain);
    }
  }
}
