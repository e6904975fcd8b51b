/// A Job's manifest with variables such as `${jobName}`, as HyperFlow uses them.
public struct JobTemplate: Sendable, Equatable {
  /// Where the text comes from, for messages.
  public let place: String
  public let text: String

  public init(place: String, text: String) {
    self.place = place
    self.text = text
  }

  /// Replaces the variables. HyperFlow writes `undefined` for a variable without a value; here it
  /// is an error.
  ///
  /// - Parameter hints: what to do about known variables without a value.
  func filled(
    _ variables: [String: String], hints: [String: String] = [:]
  ) throws(SiteMistake) -> String {
    var output = ""
    var line = 1
    var rest = text[...]
    while let start = rest.firstRange(of: "${") {
      let before = rest[..<start.lowerBound]
      output += before
      line += before.count { $0.isNewline }
      let name = rest[start.upperBound...].prefix(while: Self.isName)
      let end = name.endIndex
      guard !name.isEmpty, end < rest.endIndex, rest[end] == "}" else {
        // `${x:-y}` belongs to a shell.
        output += "${"
        rest = rest[start.upperBound...]
        continue
      }
      guard let value = variables[String(name)] else {
        let known = variables.keys.sorted().joined(separator: ", ")
        throw SiteMistake(
          "\(place):\(line): ${\(name)} has no value; "
            + (hints[String(name)] ?? "give it in workflow.config.jobvars.json; known are \(known)")
        )
      }
      output += value
      rest = rest[rest.index(after: end)...]
    }
    return output + rest
  }

  private static func isName(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || character == "_")
  }

  /// The template of workflows without a template: the workflow's directory on a claim named `nfs`,
  /// as in the deployments of HyperFlow.
  public static let standard = JobTemplate(
    place: "the standard template",
    text: """
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: job${jobName}
      spec:
        backoffLimit: ${backoffLimit}
        template:
          spec:
            restartPolicy: ${restartPolicy}
            containers:
            - name: job
              image: ${containerName}
              command: ["/bin/sh", "-c", 'exec ${command}']
              workingDir: ${workingDirPath}
              resources:
                requests:
                  cpu: ${cpuRequest}
                  memory: ${memRequest}
              volumeMounts:
              - name: work
                mountPath: ${volumePath}
            volumes:
            - name: work
              persistentVolumeClaim:
                claimName: nfs

      """)
}
