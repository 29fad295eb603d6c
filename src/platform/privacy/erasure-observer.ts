/** Is told of erasures that the context has applied. @param topic of the persons' keys */
export interface ErasureObserver {
  /** The persons are its own. May be called again with the same ones. */
  onErased(topic: string, count: number): void;
  /** The context has copies of them, and has confirmed that it erased these. */
  onConfirmed(topic: string, context: string, count: number): void;
}
