import type { ReactNode } from 'react';

/** A column without a name is one of buttons. */
export type Column<Row> = {
  name: string;
  cell: (row: Row) => ReactNode;
  className?: string;
  /** What is shown where a pointer rests on the cell, as where its text is cut off. */
  titleOf?: (row: Row) => string;
};

/** A table that is shown whole; `PagedTable` asks for its rows as they are needed. */
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

/** Where there is no room for headings each cell says its own. */
export function Cells<Row>({ columns, row }: { columns: readonly Column<Row>[]; row: Row }): ReactNode {
  return columns.map(({ name, cell, className, titleOf }) => (
    <td key={name} data-label={name === '' ? undefined : name} className={className} title={titleOf?.(row)}>
      {cell(row)}
    </td>
  ));
}
