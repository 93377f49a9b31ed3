/** What cannot be drawn takes nothing else off the screen. */
import { Component } from 'react';
import type { ReactNode } from 'react';

export type BoundaryProps = {
  /** Shown instead of what cannot be drawn, behind the error. */
  instead: ReactNode;
  /** Another place is drawn anew. */
  place?: string;
  children: ReactNode;
};

type Drawn = { error: unknown; place: string | undefined };

export class Boundary extends Component<BoundaryProps, Drawn> {
  override state: Drawn = { error: null, place: this.props.place };

  static getDerivedStateFromError(error: unknown): Partial<Drawn> {
    return { error };
  }

  static getDerivedStateFromProps({ place }: BoundaryProps, drawn: Drawn): Partial<Drawn> | null {
    return place === drawn.place ? null : { error: null, place };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <>
        <p role="alert" className="failure">
          This part cannot be drawn: {error instanceof Error ? error.message : 'what was thrown is no error'}
        </p>
        {this.props.instead}
      </>
    );
  }
}
