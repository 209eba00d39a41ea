// A hook into the registers of a peripheral of rp2040js.

/** Calls `onWrite` before a peripheral's writes, and `onRead` with what its reads found. */
export function intercept(peripheral, onWrite, onRead = (_, value) => value) {
  const [write, read] = [peripheral.writeUint32.bind(peripheral), peripheral.readUint32.bind(peripheral)];
  peripheral.writeUint32 = (offset, value) => {
    onWrite(offset, value >>> 0);
    write(offset, value);
  };
  peripheral.readUint32 = (offset) => onRead(offset, read(offset)) >>> 0;
}
