import { type ComponentType, render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Flow, Session } from '../api.js';
import { KEPT } from './chart.js';
import { Problem, setToken, watchFlow } from './client.js';
import { AuditView } from './audit.js';
import { ConsumersView } from './consumers.js';
import { ContractsView } from './contracts.js';
import { ErasuresView } from './erasures.js';
import { EventsView } from './events.js';
import { FlowView } from './flow.js';
import { SettingsView } from './settings.js';
import { JobsView } from './jobs.js';
import { LettersView } from './letters.js';
import { Field, Trouble, useLoaded } from './parts.js';
import { TimelineView } from './timeline.js';
import type { ViewProps } from './view.js';

const VIEWS: Readonly<Record<string, { readonly title: string; readonly View: ComponentType<ViewProps> }>> = {
  flow: { title: 'Flow', View: FlowView },
  timeline: { title: 'Timeline', View: TimelineView },
  letters: { title: 'Dead letters', View: LettersView },
  events: { title: 'Events', View: EventsView },
  jobs: { title: 'Replay and verify', View: JobsView },
  erasures: { title: 'Erasures', View: ErasuresView },
  consumers: { title: 'Consumers', View: ConsumersView },
  contracts: { title: 'Contracts', View: ContractsView },
  settings: { title: 'Settings and health', View: SettingsView },
  audit: { title: 'Audit list', View: AuditView },
};

function App() {
  const { name, path } = useAddress();
  const session = useLoaded<Session>('session');
  const [flows, setFlows] = useState<readonly Flow[]>([]);
  const [trouble, setTrouble] = useState<unknown>();
  const isIn = session.data !== undefined;
  useEffect(() => {
    if (!isIn) return;
    return watchFlow((flow) => setFlows((before) => [...before.slice(1 - KEPT), flow]), setTrouble);
  }, [isIn]);

  const isLockedOut = session.error instanceof Problem && [401, 403].includes(session.error.status);
  if (isLockedOut) return <SignIn error={session.error} onToken={session.reload} />;
  if (!session.data) {
    return (
      <main>
        <Trouble error={session.error} />
        {session.error === undefined ? (
          <p role="status">Loading …</p>
        ) : (
          <button onClick={session.reload}>Try again</button>
        )}
      </main>
    );
  }
  const { title, View } = VIEWS[name] ?? (VIEWS.flow as (typeof VIEWS)[string]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => (event.preventDefault(), document.querySelector('main')?.focus())}
      >
        To the content
      </a>
      <nav aria-label="Views">
        <strong>{session.data.modules.join(' and ')}</strong>
        <ul>
          {Object.entries(VIEWS).map(([key, view]) => (
            <li key={key}>
              <a href={`#/${key}`} aria-current={view.title === title ? 'page' : undefined}>
                {view.title}
              </a>
            </li>
          ))}
        </ul>
        <span class="dim">{session.data.actor ?? ''}</span>
      </nav>
      <main id="main" tabIndex={-1}>
        <h1>{title}</h1>
        <Trouble error={trouble} />
        <View session={session.data} flows={flows} path={path} />
      </main>
    </>
  );
}

function SignIn({ error, onToken }: { error: unknown; onToken: () => void }) {
  const [token, setText] = useState('');
  return (
    <main>
      <h1>Console</h1>
      <p>This console needs a token with the scope operations:read. It is kept in this tab only.</p>
      <Trouble error={error} />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setToken(token.trim());
          onToken();
        }}
      >
        <Field
          label="Token"
          type="password"
          autoComplete="off"
          value={token}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button>Sign in</button>
      </form>
    </main>
  );
}

/** The address after the hash: `#/timeline/accounts.customer.change/ID`. */
function useAddress(): { readonly name: string; readonly path: readonly string[] } {
  const read = () => location.hash.split('/').slice(1).map(decodeURIComponent);
  const [parts, setParts] = useState(read);
  useEffect(() => {
    const onChange = () => setParts(read());
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  const [name = 'flow', ...path] = parts;
  return { name, path };
}

render(<App />, document.getElementById('console') as HTMLElement);
