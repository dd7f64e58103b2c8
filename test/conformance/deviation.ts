/** One listed difference from a public suite. */
export type Deviation = {
  /** Id of the case. */
  readonly id: string;
  /** Why our outcome is right, or why the case asks for a local policy; names the section. */
  readonly reason: string;
};
