import type { ReactNode } from 'react';
import { Link } from 'react-router';

export function NotThere(): ReactNode {
  return (
    <>
      <h1>There is no such screen</h1>
      <p>
        Go to <Link to="/">those who wait for you</Link>.
      </p>
    </>
  );
}
