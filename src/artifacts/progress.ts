/** What getting the binaries has come to. */
export type ArtifactProgress =
  /** A whole sentence worth showing once. */
  | { readonly kind: 'message'; readonly text: string }
  /** Bytes of the file `file`, of `total` where that is known; reported often. */
  | {
      readonly kind: 'download';
      readonly file: string;
      readonly received: number;
      readonly total: number | null;
    }
  /** One line of the build's output. */
  | { readonly kind: 'build'; readonly line: string };

export type OnProgress = (progress: ArtifactProgress) => void;
