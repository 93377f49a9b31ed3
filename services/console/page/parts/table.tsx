import type { ReactNode } from 'react';

/** A column without a name contains buttons. */
export type Column<Row> = {
  name: string;
  cell: (row: Row) => ReactNode;
  className?: string;
  /** The tooltip of a cell, for example its whole text when that is cut off. */
  titleOf?: (row: Row) => string;
};

/** A table that is shown as a whole; `PagedTable` loads its rows as they are needed. */
export function Table<Row>({
  label,
  columns,
  rows,
  keyOf,
}: {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string | number;
}): ReactNode {
  return (
    <div className="table-wrap">
      <table aria-label={label}>
        <thead>
          <tr>
            <Headings columns={columns} />
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              <Cells columns={columns} row={row} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Headings<Row>({ columns }: { columns: readonly Column<Row>[] }): ReactNode {
  return columns.map(({ name }) =>
    name === '' ? (
      <td key={name} />
    ) : (
      <th key={name} scope="col">
        {name}
      </th>
    ),
  );
}

/** On a narrow screen, which has no room for headings, each cell shows its own. */
export function Cells<Row>({ columns, row }: { columns: readonly Column<Row>[]; row: Row }): ReactNode {
  return columns.map(({ name, cell, className, titleOf }) => (
    <td key={name} data-label={name === '' ? undefined : name} className={className} title={titleOf?.(row)}>
      {cell(row)}
    </td>
  ));
}
