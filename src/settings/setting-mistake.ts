/**
 * The one error of settings that are well-formed and yet cannot be used. A file of its own: the
 * command line must know it without loading the service.
 */

/** A settings mistake that shows only when a file is read. */
export class SettingMistake extends Error {}
