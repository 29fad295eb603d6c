import { count, rate } from './format.js';

const [WIDTH, HEIGHT] = [240, 48];
/** Samples that are kept and drawn: two minutes, at 800 ms. */
export const KEPT = 150;

/** The course of a value over the last two minutes. Gaps are samples without a value. */
export function Chart({
  label,
  values,
  isBad = false,
  unit = '/s',
}: {
  label: string;
  values: readonly (number | undefined)[];
  isBad?: boolean;
  unit?: string;
}) {
  const known = values.filter((value) => value !== undefined);
  const max = Math.max(1, ...known);
  const x = (index: number) => WIDTH - ((values.length - 1 - index) * WIDTH) / (KEPT - 1);
  const y = (value: number) => HEIGHT - 2 - (value / max) * (HEIGHT - 6);
  const points = values.flatMap((value, index) =>
    value === undefined ? [] : [`${x(index).toFixed(1)},${y(value).toFixed(1)}`],
  );
  const latest = values.at(-1);
  const text = unit === '/s' ? rate(latest) : count(latest);
  const [first] = points;
  return (
    <figure class={isBad ? 'chart bad' : 'chart'}>
      <figcaption>
        <span>{label}</span>
        <strong>
          {text}
          {latest === undefined ? '' : unit}
        </strong>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}: now ${text}, at most ${rate(known.length > 0 ? Math.max(...known) : undefined)} in two minutes`}
      >
        {first !== undefined && (
          <>
            <polygon points={`${first.split(',')[0]},${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}`} />
            <polyline points={points.join(' ')} />
          </>
        )}
      </svg>
    </figure>
  );
}
