/**
 * The bounds of one tree of SPF records: questions, each counted once, and terms. Remembers which
 * limits cut the tree. Asks nothing.
 */
import { type LimitName, type ReachedLimit, reached } from '../../../schemas/limit.ts';

/** Limits of one tree. */
export type TreeLimits = { readonly maxQuestions: number; readonly maxTerms: number };

/** What one tree has used of its limits. */
export class TreeBounds {
  private readonly limits: TreeLimits;
  private readonly asked = new Set<string>();
  private readonly cut = new Map<LimitName, ReachedLimit>();
  private terms = 0;

  constructor(limits: TreeLimits) {
    this.limits = limits;
  }

  /** Counts questions that are new. @returns false, and counts none, where they are too many */
  mayAsk(name: string, types: readonly string[]): boolean {
    const fresh = types.map((type) => `${type} ${name.toLowerCase()}`).filter((key) => !this.asked.has(key));
    if (this.asked.size + fresh.length > this.limits.maxQuestions) return false;
    for (const key of fresh) this.asked.add(key);
    return true;
  }

  /** Counts a term. @returns false where it is one too many */
  mayRead(): boolean {
    this.terms += 1;
    if (this.terms <= this.limits.maxTerms) return true;
    this.cutBy(this.ofTerms);
    return false;
  }

  /** True where a further record would have no room for its terms. */
  get isFull(): boolean {
    return this.terms >= this.limits.maxTerms;
  }

  get ofTerms(): ReachedLimit {
    return reached('spf-terms', this.limits.maxTerms);
  }

  get ofQuestions(): ReachedLimit {
    return reached('spf-questions', this.limits.maxQuestions);
  }

  /** Remembers a limit that cut the tree. */
  cutBy(limit: ReachedLimit): ReachedLimit {
    this.cut.set(limit.name, limit);
    return limit;
  }

  /** Questions asked so far. */
  get questions(): number {
    return this.asked.size;
  }

  /** Limits that cut the tree. */
  get reached(): readonly ReachedLimit[] {
    return [...this.cut.values()];
  }
}
