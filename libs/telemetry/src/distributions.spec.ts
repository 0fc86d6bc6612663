import { Distributions } from './distributions.js';

it('counts each value in the first bucket whose upper end is not below it', async () => {
  const distributions = new Distributions();
  const newDuration = distributions.kind({ name: 'd', description: 'D', unit: 's', boundaries: [1, 2] });
  const ok = newDuration({ outcome: 'ok' });
  newDuration({ outcome: 'bad' }).add(9);
  for (const value of [0.5, 1, 1.5, 2, 2.5]) ok.add(value);
  const { resourceMetrics } = await distributions.collect();
  const [metric] = resourceMetrics.scopeMetrics[0]!.metrics;
  expect(metric!.descriptor).toMatchObject({ name: 'd', unit: 's' });
  expect(metric!.dataPoints.map(({ attributes, value }) => ({ attributes, value }))).toEqual([
    {
      attributes: { outcome: 'ok' },
      value: { buckets: { boundaries: [1, 2], counts: [2, 2, 1] }, sum: 7.5, count: 5 },
    },
    {
      attributes: { outcome: 'bad' },
      value: { buckets: { boundaries: [1, 2], counts: [0, 0, 1] }, sum: 9, count: 1 },
    },
  ]);
});
