/** The settings that the mail servers' faces and the evaluation behind them read. Types only. */
import type { PipelineSettings } from '../../schemas/settings/pipeline.ts';
import type { EvaluationSettings } from '../../schemas/settings/verdict.ts';

/** The settings of the faces, with the authserv-id and the limits that they share with HTTP. */
export type FaceSettings = PipelineSettings &
  Pick<EvaluationSettings, 'enforce' | 'relay' | 'localDomains' | 'allowNetworks'> & {
    readonly authservId: string;
    /** Octets of a message that is kept and evaluated; a larger one is oversized. */
    readonly maxMessageBytes: number;
    /** Header fields of a message; one with more is oversized. */
    readonly maxHeaderFields: number;
    /** Milliseconds in which a peer must have read what waits for it. */
    readonly writeTimeoutMs: number;
  };
