import type { ActionView, Flow, InstanceView, JobView } from '../../src/platform/console/api.js';
import { eventually } from '../../src/platform/testing/eventually.js';
import { get, post } from './http.js';

/** Somebody who has the console of one instance open. */
export class ConsoleViewer {
  private readonly left = new AbortController();
  private latest: Flow | undefined;

  private constructor(private readonly api: string) {}

  static open({ managementUrl }: { readonly managementUrl: string }): ConsoleViewer {
    const viewer = new ConsoleViewer(`${managementUrl}/console/api`);
    void viewer.follow().catch(() => undefined);
    return viewer;
  }

  /** Resolves with the first flow, or later one, for which `look` does not throw. */
  sees(look: (flow: Flow) => void): Promise<Flow> {
    return eventually(
      () => {
        if (!this.latest) throw new Error('the console has shown nothing yet');
        look(this.latest);
        return this.latest;
      },
      { within: 90_000 },
    );
  }

  async actions(): Promise<ActionView[]> {
    const { body } = await get(`${this.api}/actions`);
    return body.items as ActionView[];
  }

  async settings(): Promise<(Pick<InstanceView, 'id' | 'modules'> & { settings: Record<string, string> })[]> {
    return (await get(`${this.api}/settings`)).body.items;
  }

  async start(kind: string, module: string): Promise<JobView> {
    const { status, text, body } = await post(`${this.api}/jobs`, { kind, module });
    if (status !== 200) throw new Error(`${status} ${text}`);
    return body as JobView;
  }

  abort(id: string) {
    return post(`${this.api}/jobs/${id}/abort`, {});
  }

  leave(): void {
    this.left.abort();
  }

  private async follow(): Promise<void> {
    const response = await fetch(`${this.api}/flow`, { signal: this.left.signal });
    let text = '';
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      const blocks = text.split('\n\n');
      text = blocks.pop() as string;
      for (const block of blocks) if (block.startsWith('data: ')) this.latest = JSON.parse(block.slice(6)) as Flow;
    }
  }
}
