// Looks the packages in the images up in a vulnerability database: `node scripts/known-vulnerabilities.mjs --help`
import { createReadStream, readFileSync, realpathSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import semver from 'semver';
import { productionDependencies } from './licences.mjs';

const help = `Usage: node scripts/known-vulnerabilities.mjs --database FILE

Lists the known vulnerabilities of the packages in the images, without the network.

  --database   records in OSV format: a JSON array, or one record a line
  --help       prints this

Exits 1 if there are any, 2 if the file cannot be used.

Download the records of npm from osv.dev (all.zip of the ecosystem npm, see "Data dumps" in its documentation), then:
  unzip -p all.zip | jq --compact-output . > osv.ndjson
`;

/** @typedef {{ introduced?: string, fixed?: string, last_affected?: string }} Event one of them */
/** @typedef {{ type?: string, events?: Event[] }} Range */
/** @typedef {{ package?: { ecosystem: string, name: string }, ranges?: Range[], versions?: string[] }} Affected */
/**
 * @typedef {object} OsvRecord
 * @property {string} id
 * @property {string} [withdrawn]
 * @property {Affected[]} [affected]
 * @property {{ type: string, score: string }[]} [severity]
 * @property {{ severity?: string }} [database_specific]
 */
/** @typedef {{ name: string, version: string }} Package */
/** @typedef {Package & { id: string, severity: string, fixed: string[] }} Vulnerability fixed: each later version that fixes it */

/** @param {Package[]} packages @param {OsvRecord[]} records @returns {Vulnerability[]} */
export function findVulnerabilities(packages, records) {
  return records.flatMap((record) => packages.flatMap((each) => matchOf(each, record) ?? []));
}

/** @param {Package} package_ @param {OsvRecord} record @returns {Vulnerability | undefined} */
function matchOf({ name, version }, { id, withdrawn, affected = [], severity, database_specific }) {
  if (withdrawn !== undefined) return undefined;
  const own = affected.filter((each) => each.package?.ecosystem === 'npm' && each.package.name === name);
  const ranges = own.flatMap((each) => each.ranges ?? []).filter(({ type }) => type !== 'GIT');
  const listed = own.some(({ versions }) => versions?.includes(version));
  if (!listed && !ranges.some((range) => isInRange(version, range))) return undefined;
  const fixes = ranges.flatMap(({ events = [] }) => events.flatMap(({ fixed }) => fixed ?? []));
  const fixed = semver.sort(fixes.filter((each) => semver.gt(each, version)));
  return { name, version, id, severity: database_specific?.severity ?? severity?.[0]?.score ?? 'unknown', fixed };
}

/**
 * As OSV defines it: the last event up to this version decides.
 * @param {string} version @param {Range} range
 */
function isInRange(version, { events }) {
  if (events === undefined) throw new Error('a range has no events');
  let affected = false;
  for (const event of events.toSorted((a, b) => semver.compare(versionOf(a), versionOf(b)))) {
    const order = semver.compare(version, versionOf(event));
    if (event.introduced !== undefined && order >= 0) affected = true;
    if (event.fixed !== undefined && order >= 0) affected = false;
    if (event.last_affected !== undefined && order > 0) affected = false;
  }
  return affected;
}

/** @param {Event} event */
function versionOf({ introduced, fixed, last_affected }) {
  const version = introduced ?? fixed ?? last_affected ?? '0';
  // Before all versions, prereleases of 0.0.0 included.
  return version === '0' ? '0.0.0-0' : version;
}

/** One at a time if they are lines: all of npm's are too much for one string. @param {string} file @returns {AsyncGenerator<OsvRecord>} */
async function* readRecords(file) {
  let first = true;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (line.trim() === '') continue;
    if (first && line.trimStart().startsWith('[')) return yield* JSON.parse(readFileSync(file, 'utf8'));
    first = false;
    yield JSON.parse(line);
  }
}

/** @param {Package[]} packages @param {string} file */
async function search(packages, file) {
  const production = new Set(packages.map(({ name }) => name));
  let records = 0;
  /** @type {Vulnerability[]} */
  const found = [];
  for await (const record of readRecords(file)) {
    if (typeof record?.id !== 'string') throw new Error('a record has no id, so this is not in OSV format');
    records += 1;
    // Nearly all are about other packages.
    if (!record.affected?.some((each) => production.has(each.package?.name ?? ''))) continue;
    try {
      found.push(...findVulnerabilities(packages, [record]));
    } catch (error) {
      throw new Error(`${record.id}: ${/** @type {Error} */ (error).message}`, { cause: error });
    }
  }
  if (records === 0) throw new Error('no records');
  return { records, found };
}

async function main() {
  const { values } = parseArgs({ options: { database: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help) return void process.stdout.write(help);
  if (values.database === undefined) {
    console.error(help);
    process.exitCode = 2;
    return;
  }
  const packages = productionDependencies(JSON.parse(readFileSync('package-lock.json', 'utf8')));
  try {
    const { records, found } = await search(packages, values.database);
    for (const { name, version, id, severity, fixed } of found) {
      console.log(
        `${name} ${version}: ${id}, ${severity}, ${fixed.length > 0 ? `fixed in ${fixed.join(', ')}` : 'no fix'}`,
      );
    }
    if (found.length === 0) console.log(`${packages.length} packages, ${records} records: no known vulnerability.`);
    process.exitCode = found.length > 0 ? 1 : 0;
  } catch (error) {
    console.error(`${values.database}: ${/** @type {Error} */ (error).message.split('\n')[0]}`);
    process.exitCode = 2;
  }
}

if (realpathSync(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) await main();
