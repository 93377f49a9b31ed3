export enum Mood {
  Happy = 'happy',
}
