import { useState } from 'preact/hooks';
import type { JobKind, JobView } from '../api.js';
import { post } from './client.js';
import { count, duration, time } from './format.js';
import type { ViewProps } from './view.js';
import { Section, Trouble } from './parts.js';

const TITLES: Readonly<Record<JobKind, string>> = {
  verify: 'Verify',
  'replay-rehearsal': 'Dry run of a replay',
  replay: 'Replay',
  'republish-rehearsal': 'Dry run of republishing',
  republish: 'Republish',
};
const WHAT: Readonly<Record<JobKind, string>> = {
  verify: 'Checks the log’s integrity and compares the database with it. Changes nothing.',
  'replay-rehearsal': 'Rebuilds the collections from the log beside the live ones, lists differences, and drops them.',
  replay: 'Rebuilds every collection from the log and swaps them in. Writes are blocked for less than a second.',
  'republish-rehearsal': 'Counts the events that the database has and the log lacks.',
  republish: 'Publishes the events that the database has and the log lacks, after the log was restored.',
};
const KINDS = Object.keys(TITLES) as JobKind[];

/** Replays, verifications and republishing: start, watch, abort, and the last results. */
export function JobsView({ session, flows }: ViewProps) {
  const jobs = flows.at(-1)?.jobs ?? [];
  const [asked, setAsked] = useState<{ kind: JobKind; module: string }>();
  const [trouble, setTrouble] = useState<unknown>();
  const send = (path: string, body: object) => {
    setTrouble(undefined);
    setAsked(undefined);
    post(path, body).catch(setTrouble);
  };
  return (
    <>
      <Trouble error={trouble} />
      {session.mayAct &&
        session.modules.map((module) => (
          <Section title={module} key={module}>
            <div class="chips">
              {KINDS.map((kind) => (
                <button
                  key={kind}
                  title={WHAT[kind]}
                  class={kind === 'replay' || kind === 'republish' ? 'danger' : ''}
                  disabled={jobs.some((job) => job.module === module && job.outcome === undefined)}
                  onClick={() =>
                    kind === 'replay' || kind === 'republish'
                      ? setAsked({ kind, module })
                      : send('jobs', { kind, module })
                  }
                >
                  {TITLES[kind]}
                </button>
              ))}
            </div>
            {asked?.module === module && (
              <Confirmation
                {...asked}
                rehearsal={jobs.find(
                  (job) => job.module === module && job.kind === `${asked.kind}-rehearsal` && job.outcome,
                )}
                onYes={() => send('jobs', asked)}
                onNo={() => setAsked(undefined)}
              />
            )}
          </Section>
        ))}
      <Section title="Jobs">
        {jobs.length === 0 && <p>None was started since the instances have run. The audit list has earlier ones.</p>}
        {jobs.map((job) => (
          <Job key={job.id} job={job} mayAct={session.mayAct} onAbort={() => send(`jobs/${job.id}/abort`, {})} />
        ))}
      </Section>
    </>
  );
}

function Confirmation({
  kind,
  module,
  rehearsal,
  onYes,
  onNo,
}: {
  kind: JobKind;
  module: string;
  rehearsal: JobView | undefined;
  onYes: () => void;
  onNo: () => void;
}) {
  return (
    <div class="notice asked" role="group" aria-label={`${TITLES[kind]} of ${module}`}>
      <p>{WHAT[kind]}</p>
      <p>
        {rehearsal
          ? `The last dry run: ${rehearsal.summary}.`
          : 'There was no dry run yet; it shows what would change.'}
      </p>
      <div class="chips">
        <button class="danger" onClick={onYes}>
          {TITLES[kind]} {module} now
        </button>
        <button onClick={onNo}>Cancel</button>
      </div>
    </div>
  );
}

function Job({ job, mayAct, onAbort }: { job: JobView; mayAct: boolean; onAbort: () => void }) {
  const { kind, module, instance, actor, startedAt, endedAt, phase, read, total, outcome, findings, summary } = job;
  const seconds = (Date.parse(endedAt ?? new Date().toISOString()) - Date.parse(startedAt)) / 1_000;
  const left = read > 0 && total > read ? (seconds / read) * (total - read) : undefined;
  const isBad = outcome === 'failed' || outcome === 'findings';
  return (
    <article class={isBad ? 'job bad' : 'job'} aria-label={`${TITLES[kind]} of ${module}`}>
      <p>
        <strong>
          {TITLES[kind]} of {module}
        </strong>{' '}
        <span class="dim">
          {time(startedAt)} on {instance} {actor === undefined ? '' : `by ${actor}`}
        </span>
      </p>
      {outcome === undefined ? (
        <p>
          <progress max={total || 1} value={read} aria-label="Progress" /> {phase.replaceAll('-', ' ')}: {count(read)}{' '}
          of {count(total)}, {duration(seconds)} so far{left === undefined ? '' : `, ${duration(left)} left`}{' '}
          {mayAct && <button onClick={onAbort}>Abort</button>}
        </p>
      ) : (
        <p role="status">
          {outcome === 'done' ? 'Done' : outcome}: {summary}. It took {duration(seconds)}.
        </p>
      )}
      {findings.length > 0 && (
        <ul>
          {findings.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
    </article>
  );
}
