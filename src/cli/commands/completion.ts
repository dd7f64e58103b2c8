/**
 * `mailverdict completion`: shell completion, made from the table of commands and their options, so
 * that it cannot differ from them.
 */
import { type Command, EXIT, WrongUse } from '../command.ts';

/** The table of commands, as far as completion needs it. */
type Commands = Readonly<Record<string, { summary: string; load: () => Promise<Command> }>>;

/** One command as completion knows it. */
type Known = { name: string; summary: string; words: readonly string[]; options: string[] };

/** Makes the command. @param commands all commands, this one among them */
export const completionCommand = (commands: Commands): Command => ({
  help: `Usage: mailverdict completion bash|zsh|fish

Writes a script that completes commands, their words and their options.

  bash:  mailverdict completion bash \\
           > ~/.local/share/bash-completion/completions/mailverdict
  zsh:   mailverdict completion zsh > "\${fpath[1]}/_mailverdict"
  fish:  mailverdict completion fish \\
           > ~/.config/fish/completions/mailverdict.fish

Exit: 0 written, 64 wrong use.
`,
  options: {},
  words: Object.keys(SHELLS),
  run: async ([shell, ...more], _options, terminal) => {
    const write = SHELLS[shell ?? ''];
    if (write === undefined || more.length > 0) throw new WrongUse('say completion bash, zsh or fish');
    const known = await Promise.all(
      Object.entries(commands).map(async ([name, { summary, load }]): Promise<Known> => {
        const { words = [], options } = await load();
        return { name, summary, words, options: ['help', ...Object.keys(options)].map((option) => `--${option}`) };
      }),
    );
    terminal.out(write(known));
    return EXIT.ok;
  },
});

/** In every shell: the command first, then its words and options; anything else is a file. */
const bash = (commands: Known[]): string => `# bash completion of mailverdict
_mailverdict() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${commands.map(({ name }) => name).join(' ')} --help --version"
  else
    case "\${COMP_WORDS[1]}" in
${commands.map(({ name, words, options }) => `      ${name}) words="${[...words, ...options].join(' ')}" ;;`).join('\n')}
      *) words="" ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _mailverdict mailverdict
`;

const zsh = (commands: Known[]): string => `#compdef mailverdict
_mailverdict() {
  if (( CURRENT == 2 )); then
    local -a commands=(${commands.map(({ name, summary }) => quoted(`${name}:${summary}`)).join(' ')})
    _describe command commands
    return
  fi
  local -a candidates
  case "$words[2]" in
${commands.map(({ name, words, options }) => `    ${name}) candidates=(${[...words, ...options].join(' ')}) ;;`).join('\n')}
  esac
  compadd -- $candidates
  _files
}
_mailverdict "$@"
`;

const fish = (commands: Known[]): string =>
  [
    '# fish completion of mailverdict',
    ...commands.flatMap(({ name, summary, words, options }) => [
      `complete -c mailverdict -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
      ...words.map((word) => `complete -c mailverdict -n '__fish_seen_subcommand_from ${name}' -f -a ${word}`),
      ...options.map(
        (option) => `complete -c mailverdict -n '__fish_seen_subcommand_from ${name}' -l ${option.slice(2)}`,
      ),
    ]),
    '',
  ].join('\n');

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const SHELLS: Readonly<Record<string, (commands: Known[]) => string>> = { bash, zsh, fish };
