/** A link to a record of the log. */
export function PlaceLink({ topic, partition, offset }: { topic: string; partition: number; offset: number }) {
  return (
    <a href={`#/events/${encodeURIComponent(topic)}/${partition}/${offset}`}>
      {partition}/{offset}
    </a>
  );
}
