//! Finding codes: the stable names of what a check can find.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{Reason, Severity};

/// Declares the codes once: variant, stable id, severity and reason class of the finding, and one sentence.
macro_rules! codes {
    ($($variant:ident $id:literal $severity:ident $reason:ident $sentence:literal;)*) => {
        /// The stable id of a finding. Each has a page in `docs/findings/`, which `cotrace explain` prints.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $sentence] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the families.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable kebab-case id.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// How bad the finding is, whoever reads it.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// The class of the reason for which the check failed.
            pub const fn reason(self) -> Reason {
                match self { $(Self::$variant => Reason::$reason,)* }
            }

            /// One sentence.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }

            /// The page, in Markdown.
            pub const fn page(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../../docs/findings/", $id, ".md")),)* }
            }
        }
    };
}

codes! {
    TaskTypeUndecided "task-type-undecided" Medium Absent "The evidence does not settle the target's task type.";
    TaskTypeInvalid "task-type-invalid" High NotPermitted "A link's name ends in a task type that the rule book does not know.";
    WorkerImplementationUnknown "worker-implementation-unknown" High Malformed "Nothing in the definition tells which worker implementation ran the task.";
    WorkerImplementationAmbiguous "worker-implementation-ambiguous" High Contradicted "The definition votes for more than one worker implementation.";
    ChainTooDeep "chain-too-deep" High NotPermitted "A link lies deeper in the chain than the rule book follows.";
    ChainCycle "chain-cycle" Low Contradicted "A task of the chain rests on itself through others.";
    DependencyMalformed "dependency-malformed" High Malformed "A definition names a dependency that is no task id.";
    MomentUndecided "moment-undecided" Medium Absent "The moment of judgement is not known, and the verdict depends on it.";
    MomentOnQueuesWord "moment-on-queues-word" High Contradicted "The verdict rests on the queue's word for the moment of judgement.";
    VerifierReleaseUndecided "verifier-release-undecided" Medium Absent "Two releases of scriptworker could have judged the target, and they held different keys.";
    DefinitionMissing "definition-missing" High Absent "The queue was asked for a task's definition and denied having it.";
    DefinitionMalformed "definition-malformed" High Malformed "A task definition lacks what verification reads, or has it in the wrong form.";
    StatusMalformed "status-malformed" Medium Malformed "The queue's status of a task can't be read.";
    DocumentAmbiguous "document-ambiguous" Medium Malformed "Two readers could understand a JSON document differently.";
    EqualInPythonOnly "equal-in-python-only" Medium Contradicted "Two documents state one value in different types, which only Python calls equal.";
    SnapshotsDisagree "snapshots-disagree" High Contradicted "Two snapshots have different bytes for one thing that never changes.";
    AttestationMissing "attestation-missing" High Absent "A link's run published no attestation.";
    AttestationMalformed "attestation-malformed" High Malformed "An attestation is not JSON, or not of schema version 1.";
    RunNotCompleted "run-not-completed" Medium Contradicted "The queue says that the run of a link did not complete.";
    RunRepeated "run-repeated" Low Contradicted "A task ran again, and the queue does not say that it did so by itself.";
    RunUnlisted "run-unlisted" Medium Contradicted "There is evidence of a run that the queue's status does not list.";
    AttestationTaskMismatch "attestation-task-mismatch" High Contradicted "An attestation speaks of another task.";
    AttestationRunMismatch "attestation-run-mismatch" High Contradicted "An attestation speaks of another run than the one that published it.";
    AttestationWorkerMismatch "attestation-worker-mismatch" High Contradicted "An attestation names another worker than the queue's status.";
    AttestationDefinitionMismatch "attestation-definition-mismatch" High Contradicted "The worker attested another task definition than the queue gives.";
    AttestationFormsDisagree "attestation-forms-disagree" High Contradicted "The OpenPGP and the ed25519 attestation of one run differ.";
    SignatureMissing "signature-missing" High Absent "An attestation has no signature beside it.";
    SignatureUnreadable "signature-unreadable" High Malformed "There is a signature, but it can't be read.";
    SignatureInvalid "signature-invalid" High Contradicted "The signature does not verify over the attestation's bytes.";
    SignatureAmbiguous "signature-ambiguous" High Malformed "A clear-signed file holds more than one signed text or signature.";
    SignatureAfterAsOf "signature-after-as-of" Info Contradicted "The signature claims to be younger than the moment of judgement.";
    SignatureTimeOutsideRun "signature-time-outside-run" Medium Contradicted "The signature claims a time outside the run that it attests.";
    SignatureTimeContradicted "signature-time-contradicted" High Contradicted "The signature claims a time that signatures of other keys around it rule out.";
    SignatureTimeOutsideKey "signature-time-outside-key" Medium NotTrusted "The signature claims a time at which its key did not exist, had expired, or was not in its key set.";
    SignatureExpired "signature-expired" High NotTrusted "The signature is sound, but it had expired by itself at the moment of judgement.";
    ClearsignTextOutside "clearsign-text-outside" High Contradicted "A clear-signed file holds text that the signature does not cover.";
    ClearsignBlankOutside "clearsign-blank-outside" Low Contradicted "Blank text that no signature covers stands around a clear-signed one.";
    ClearsignUncoveredBytes "clearsign-uncovered-bytes" Low Contradicted "A clear-signed text holds bytes that the signature does not cover.";
    ClearsignFraming "clearsign-framing" Medium Malformed "The framing of a clear-signed file is not what its tools write.";
    ClearsignHashHeader "clearsign-hash-header" Medium Malformed "The Hash header of a clear-signed text is not the one that its signature needs.";
    ClearsignArmorHeader "clearsign-armor-header" Medium Contradicted "A clear-signed file has a header that the signature does not cover and no known writer writes.";
    ClearsignChecksumWrong "clearsign-checksum-wrong" Medium Malformed "The checksum of a signature's armor is not that of its data: gpg refuses the file.";
    ClearsignChecksumMissing "clearsign-checksum-missing" Info Malformed "A signature's armor has no checksum.";
    ClearsignDashEscape "clearsign-dash-escape" Low Malformed "A clear-signed text is dash-escaped otherwise than its writer does, which the signature does not cover.";
    ClearsignArmorLayout "clearsign-armor-layout" Low Malformed "Markers, headers or data of a clear-signed file are not laid out as its writer does.";
    ClearsignLineTooLong "clearsign-line-too-long" Medium Malformed "A line is too long for gpg, which refused the file then.";
    KeyUnknown "key-unknown" High NotTrusted "No known key made this signature.";
    KeyNotAccepted "key-not-accepted" High NotTrusted "The signature is sound, but nobody accepted the key that made it.";
    KeyWrongRole "key-wrong-role" High NotTrusted "The signature is sound, but its key is trusted for another role only.";
    KeyNotInForce "key-not-in-force" High NotTrusted "The signature is sound, but its key was not in force for the role at the moment of judgement.";
    KeyNotYetCreated "key-not-yet-created" High NotTrusted "The signature is sound, but its key did not exist yet at the moment of judgement.";
    KeyExpired "key-expired" High NotTrusted "The signature is sound, but its key had expired at the moment of judgement.";
    KeyRevoked "key-revoked" High NotTrusted "The signature is sound, but its key was revoked.";
    KeyRefusedByPolicy "key-refused-by-policy" High NotTrusted "The signature is sound, but key or signature rest on an algorithm that no longer counted at the moment of judgement.";
    KeyUnusable "key-unusable" High NotTrusted "The signature is sound, but its key is not one for signing.";
    KeyRevokedLater "key-revoked-later" High NotTrusted "A trusted key was revoked by something that was not known at the moment of judgement.";
    KeyNotTrustedThen "key-not-trusted-then" Medium NotTrusted "A key is trusted at the moment of judgement, and was not when the link ran.";
    KeyVariantUnknown "key-variant-unknown" Medium NotTrusted "A key's certificate is another variant than any that the key ledger vouches for.";
    KeyLedgerOutdated "key-ledger-outdated" Low Absent "A key is trusted on the word of a ledger that was last read before the moment of judgement.";
    KeyMalformed "key-malformed" Medium Malformed "A listed key can't be read, or is one that anybody can forge signatures for.";
    KeyOfOwnHost "key-of-own-host" High NotPermitted "A link is signed by the verifying host's own key, which scriptworker of the OpenPGP era took for every role.";
    KeyUsedOutsideEpoch "key-used-outside-epoch" High NotTrusted "A key made signatures before or after the time in which it was in force.";
    KeyUnlisted "key-unlisted" Medium NotTrusted "A key made sound signatures, and no accepted source knows it.";
    KeyRoleUncovered "key-role-uncovered" Medium Absent "For a day or more no valid key was in force for a role.";
    KeyEpochsOverlap "key-epochs-overlap" Info NotTrusted "Several keys were in force for a role at once.";
    KeyReturned "key-returned" Low NotTrusted "A key left the keys of a role and came back.";
    KeyOfSeveralRoles "key-of-several-roles" Medium NotPermitted "One key is trusted for several roles.";
    KeySetBlocked "key-set-blocked" Medium NotTrusted "No keyring could be built from a key set of a key repository.";
    KeySignerLapsed "key-signer-lapsed" High NotTrusted "A tag or commit of a key repository was signed by a signer whose key was not valid then.";
    KeyLedgerContradicted "key-ledger-contradicted" Medium Contradicted "scriptworker's own repository and the ledger that ships differ on a key.";
    KeySetUnauthenticated "key-set-unauthenticated" High NotTrusted "A key set of a key repository is not signed by a trusted signer.";
    KeyRepositoryIncomplete "key-repository-incomplete" Medium Absent "A key repository lacks objects, or holds some that can't be read.";
    KeyUncertified "key-uncertified" Low NotTrusted "A key stands in a key set, and no trusted key of the set certified it.";
    KeyShort "key-short" Medium Malformed "A key is shorter than what counts as safe.";
    KeyBindingWeak "key-binding-weak" Low NotTrusted "What binds a key to its certificate rests on an algorithm that no longer counts.";
    KeyExpiredInSet "key-expired-in-set" Medium NotTrusted "A key expired while it was listed.";
    Distrusted "distrusted" High NotTrusted "A link has to do with something that the operator distrusts.";
    ArtifactMissing "artifact-missing" High Absent "An artifact that the chain consumes is not there.";
    ArtifactNotAttested "artifact-not-attested" High Contradicted "An artifact that the chain consumes is not in its maker's attestation.";
    ArtifactDigestMismatch "artifact-digest-mismatch" High Contradicted "An artifact that the chain consumes is not what its maker attested.";
    ArtifactDigestMalformed "artifact-digest-malformed" High Malformed "An attestation states no usable digest of an artifact.";
    ArtifactPatternUnlisted "artifact-pattern-unlisted" Info Absent "A pattern was expanded over what the capture holds, not over the queue's listing.";
    ArtifactPatternUnfollowed "artifact-pattern-unfollowed" Medium Malformed "A pattern is too long, or too much work, to say which artifacts it stands for.";
    ArtifactPathIllegal "artifact-path-illegal" High NotPermitted "A definition consumes an artifact under a name that scriptworker refuses.";
    ArtifactAltered "artifact-altered" High Contradicted "An artifact is not what its maker attested, and no check of the chain reads it.";
    VerifiedOtherBytes "verified-other-bytes" High Contradicted "A scriptworker logged another digest of an artifact than that of the captured one.";
    DockerImageMismatch "docker-image-mismatch" High Contradicted "A task ran in another docker image than the one that its docker-image task attested.";
    DockerImageUnstated "docker-image-unstated" High Malformed "A worker does not state which docker image it loaded.";
    GraphMalformed "graph-malformed" High Malformed "A parent's task-graph.json can't be read, or a task can't be compared with its entry there.";
    ParentNotPermitted "parent-not-permitted" High NotPermitted "A task names a parent that is no decision or action task.";
    TaskNotInGraph "task-not-in-graph" High Contradicted "The parent's task-graph.json does not list the task.";
    GraphLabelMismatch "graph-label-mismatch" Low Contradicted "A task graph calls a task by another name than its definition does.";
    TreeGivesSeveralTasks "tree-gives-several-tasks" Low Contradicted "The template of a tree gives more than one task.";
    SourceOfOtherTree "source-of-other-tree" Low Contradicted "A task of another graph was made from another tree than the target.";
    SourceOfMirror "source-of-mirror" Low Contradicted "A task was made from the mirror of its graph's tree, which counts as that.";
    GraphDifferenceIgnored "graph-difference-ignored" Low Contradicted "A task's definition differs from its entry in the task graph where no rule book looks.";
    GroupTaskUnlisted "group-task-unlisted" Medium Contradicted "The task group holds tasks that the task graph of their parent does not list.";
    TaskSubmittedAgain "task-submitted-again" Medium Contradicted "Another task does the same, and no task graph lists it.";
    GraphTaskNotRun "graph-task-not-run" Info Contradicted "A task graph lists tasks that have not run.";
    RunBeforeUpstream "run-before-upstream" Low Contradicted "The queue says that a task started before one that it rests on had ended.";
    EvidenceExpired "evidence-expired" Info Absent "A task's evidence had expired when it was captured.";
    ArtifactPointer "artifact-pointer" Medium NotPermitted "An artifact only points to where its bytes lie.";
    ArtifactUnattested "artifact-unattested" Low Contradicted "A run uploaded artifacts that its worker did not attest.";
    ArtifactAttestedUnlisted "artifact-attested-unlisted" Low Contradicted "An attestation lists artifacts that the queue does not list for its run.";
    ArtifactChangedBetweenRuns "artifact-changed-between-runs" Low Contradicted "An artifact had other bytes in an earlier run of its task.";
    AttestationDataByTask "attestation-data-by-task" Medium NotPermitted "A task wrote into its own attestation.";
    TasksForMismatch "tasks-for-mismatch" Medium Contradicted "The reason that a decision task gives for itself does not fit the place of its tree.";
    DecisionCommandUnseen "decision-command-unseen" Medium NotPermitted "A decision task's command has parts that scriptworker of its time did not look at.";
    WorkerPoolNotPermitted "worker-pool-not-permitted" High NotPermitted "A decision, action or docker-image task ran in a worker pool that is not meant for such tasks.";
    WorkerNotScriptworker "worker-not-scriptworker" High NotPermitted "A task of a type that scriptworkers run was run by another worker.";
    TaskInteractive "task-interactive" High NotPermitted "Somebody could log in to a task while it ran.";
    TaskPrivileged "task-privileged" Medium NotPermitted "A task asked for more rights on its worker than tasks need.";
    DockerImageNotPermitted "docker-image-not-permitted" High NotPermitted "A task ran in a docker image that no task of the chain made, and may not.";
    DockerImagePrebuilt "docker-image-prebuilt" Info NotPermitted "A task ran in a docker image that no task of its chain built.";
    DockerImageByTask "docker-image-by-task" Low NotPermitted "Which docker image a task ran in is the task's own word.";
    DockerImageFloating "docker-image-floating" Low NotPermitted "A task ran in a docker image that is named without a digest, or found by an index.";
    TasksForNotPermitted "tasks-for-not-permitted" High NotPermitted "A decision or action task was made for a reason that its product does not know.";
    TaskDiffersFromTree "task-differs-from-tree" High Contradicted "The definition of a decision or action task is not what its tree makes of it.";
    TaskNotRebuilt "task-not-rebuilt" High Malformed "The definition of a decision or action task can't be rebuilt from its tree.";
    RebuildUnsettled "rebuild-unsettled" Medium Absent "Nobody can say here what scriptworker would make of a task's tree.";
    SourceDenied "source-denied" High Absent "A server said that it has nothing where a rebuild needs something.";
    DecisionCommandUnusual "decision-command-unusual" High NotPermitted "A decision task does not run the usual command.";
    ActionGroupOverlooked "action-group-overlooked" Medium Contradicted "An action task names another task group than its tree does, which scriptworker overlooks.";
    SourceMalformed "source-malformed" High Malformed "A task's source can't be read.";
    SourceOutsideRepository "source-outside-repository" High Contradicted "A task's source does not lie in the repository that its variables name.";
    SourceDiffersFromTarget "source-differs-from-target" High Contradicted "A task of the target's own graph was made from another tree.";
    SourceNotATree "source-not-a-tree" High NotPermitted "A task under restricted scopes rests on one whose source is no known tree.";
    ScopeNotPermitted "scope-not-permitted" High NotPermitted "The target has a restricted scope that its tree may not use.";
    ScopeWildcard "scope-wildcard" High NotPermitted "A target has a scope that stands for restricted ones, which scriptworker does not see.";
    ScopeUnused "scope-unused" Medium NotPermitted "A task that no scriptworker runs has a restricted scope.";
    SourceTryOrPullRequest "source-try-or-pull-request" High NotPermitted "A target with restricted scopes rests on a try push or a pull request.";
    ProductUndecided "product-undecided" Medium Absent "The evidence does not settle whose rules apply, or the rule book knows no such product.";
    TaskDiffersFromGraph "task-differs-from-graph" High Contradicted "A task's definition is not the one that its parent's task-graph.json lists.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Code {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|code| code.id() == text).ok_or(())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}
