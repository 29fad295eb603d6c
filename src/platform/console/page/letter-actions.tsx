import { useState } from 'preact/hooks';
import type { LetterOutcome } from '../letters-api.js';
import { post } from './client.js';
import { Trouble } from './parts.js';

/** Dead letters that an action is for, as the API takes it. */
export type Selection = { id: string } | { key: string } | { reason: string } | { all: true };

/** Redrives or discards dead letters, and asks before that. */
export type Act = (action: 'redrive' | 'discard', selection: Selection, what: string) => void;

/** A panel that asks for a confirmation, or for a reason, and then shows the outcome of each dead letter. */
export function useActions(module: string, topic: string, onDone: () => void) {
  const [asked, setAsked] = useState<{ action: 'redrive' | 'discard'; selection: Selection; what: string }>();
  const [outcomes, setOutcomes] = useState<readonly LetterOutcome[]>();
  const [trouble, setTrouble] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const act: Act = (action, selection, what) => {
    setOutcomes(undefined);
    setTrouble(undefined);
    setAsked({ action, selection, what });
  };
  const run = async (why: string) => {
    if (!asked) return;
    setBusy(true);
    const { action, selection } = asked;
    const path = `dead-letters/${encodeURIComponent(module)}/${encodeURIComponent(topic)}/${action}`;
    try {
      const { items } = await post<{ items: readonly LetterOutcome[] }>(path, {
        selection,
        ...(action === 'discard' && { why }),
      });
      setOutcomes(items);
      setAsked(undefined);
      onDone();
    } catch (failure) {
      setTrouble(failure);
    } finally {
      setBusy(false);
    }
  };
  const panel = (
    <>
      <Trouble error={trouble} />
      {asked && (
        <Confirmation
          key={asked.what + asked.action}
          {...asked}
          {...{ isBusy, run }}
          onCancel={() => setAsked(undefined)}
        />
      )}
      {outcomes && <Outcomes outcomes={outcomes} />}
    </>
  );
  return { act, panel };
}

function Confirmation({
  action,
  what,
  isBusy,
  run,
  onCancel,
}: {
  action: 'redrive' | 'discard';
  what: string;
  isBusy: boolean;
  run: (why: string) => Promise<void>;
  onCancel: () => void;
}) {
  const [why, setWhy] = useState('');
  return (
    <form
      class="notice asked"
      aria-label={`${action} ${what}`}
      onSubmit={(event) => {
        event.preventDefault();
        void run(why);
      }}
    >
      <strong>
        {action === 'redrive' ? 'Apply again' : 'Discard'}: {what}?
      </strong>
      {action === 'discard' && (
        <label>
          <span>Reason, without personal data; it is kept permanently</span>
          <input
            required
            maxLength={500}
            size={40}
            value={why}
            onInput={(event) => setWhy(event.currentTarget.value)}
          />
        </label>
      )}
      <button class={action === 'redrive' ? 'main' : 'danger'} disabled={isBusy}>
        {action === 'redrive' ? 'Redrive now' : 'Discard now'}
      </button>
      <button type="button" onClick={onCancel}>
        Cancel
      </button>
    </form>
  );
}

function Outcomes({ outcomes }: { outcomes: readonly LetterOutcome[] }) {
  const failed = outcomes.filter(({ outcome }) => outcome === 'failed');
  const numbers = new Map<string, number>();
  for (const { outcome } of outcomes) numbers.set(outcome, (numbers.get(outcome) ?? 0) + 1);
  return (
    <div class={failed.length > 0 ? 'bad notice' : 'good notice'} role="status">
      {outcomes.length === 0
        ? 'Nothing was selected.'
        : [...numbers].map(([outcome, number]) => `${number} ${outcome}`).join(', ')}
      <ul>
        {failed.slice(0, 20).map(({ id, reason }) => (
          <li key={id}>
            {id}: {reason}
          </li>
        ))}
      </ul>
    </div>
  );
}
