// A directory on tmpfs for one test, gone with everything in it when the test is.

import Glibc

/// A directory that only its test knows.
package final class TemporaryDirectory {
  package let path: String
  /// The directory as the guest wants it: open. What is mounted on it before the first use is what is opened.
  package private(set) lazy var directory: Int32 = {
    opened = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    return opened
  }()
  private var opened: Int32 = -1

  package init() {
    var template = Array("/dev/shm/ctxtop-test-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { fatalError("no temporary directory") }
    path = String(cString: made)
  }

  deinit {
    for name in names { remove(path + "/" + name) }
    rmdir(path)
    if opened >= 0 { close(opened) }
  }

  /// What is in it, sorted.
  package var names: [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Makes a file of the given bytes.
  package func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o600) {
    let descriptor = open(path + "/" + name, O_CREAT | O_WRONLY | O_TRUNC, mode)
    defer { close(descriptor) }
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count <= 0 { fatalError("cannot write \(name)") }
      done += count
    }
  }

  /// The bytes of a file.
  package func read(_ name: String) -> [UInt8] {
    let descriptor = open(path + "/" + name, O_RDONLY)
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count <= 0 { return bytes }
      bytes += buffer[..<count]
    }
  }
}
