/** Per second, summed by labels. */
export const rate = (metric: string, by: string, window = '5m'): string =>
  `sum by (${by}) (rate(${metric}[${window}]))`;

/** A quantile of a histogram, of all processes together. */
export const quantile = (share: number, metric: string, by = ''): string =>
  `histogram_quantile(${share}, sum by (${by === '' ? 'le' : `le, ${by}`}) (rate(${metric}_bucket[5m])))`;
