const STRING = String.raw`"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\s"';=]+`;
const OPTION = String.raw`([\w.-]+)\s*=\s*(${STRING})`;
const ENTRY = new RegExp(
  String.raw`^\s*org\.apache\.kafka\.common\.security\.(?:plain\.Plain|scram\.Scram)LoginModule\s+required((?:\s+${OPTION})*)\s*;\s*$`,
  'is',
);
const ESCAPED: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f', b: '\b' };

/** Returns the user name and password of a `sasl.jaas.config`; undefined unless it has both. */
export function parseJaas(config: string): { readonly username: string; readonly password: string } | undefined {
  const [, options] = ENTRY.exec(config) ?? [];
  const given = new Map(
    Array.from((options ?? '').matchAll(new RegExp(OPTION, 'gs')), ([, name = '', value = '']) => [
      name,
      unquote(value),
    ]),
  );
  const [username, password] = [given.get('username'), given.get('password')];
  return username === undefined || password === undefined ? undefined : { username, password };
}

/** Removes quotes and escapes. */
function unquote(value: string): string {
  if (!/^["']/.test(value)) return value;
  return value
    .slice(1, -1)
    .replaceAll(/\\(?:([0-3]?[0-7]{1,2})|(.))/gs, (_, octal: string | undefined, letter: string) =>
      octal === undefined ? (ESCAPED[letter] ?? letter) : String.fromCharCode(parseInt(octal, 8)),
    );
}
