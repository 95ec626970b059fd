------------------------------- MODULE Orphans -------------------------------
(***************************************************************************)
(* The process table and one link: who attaches, leaves, dies or loses its *)
(* life lock, and what the next process that looks frees: Registry.enter   *)
(* and leave, Attachment.leave, Reaper.reap. An orphan is a link that      *)
(* names an incarnation which no entry of the process table has.           *)
(*                                                                         *)
(* Each process remembers which processes were there, and the next         *)
(* incarnation, when it searched the tables last, and searches them again  *)
(* only if one of the two has changed.                                     *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
    Processes,      \* each attaches, leaves or dies, and may come again
    Entries,        \* of the process table
    Incarnations,   \* that the region gives at most
    Deaths, Losses, \* processes that may die; that may lose their life lock
    Fault           \* "none", or the step that is left out or done wrong

VARIABLES
    next,           \* NEXT_INCARNATION
    entry,          \* of each entry: its incarnation, 0 if it is free
    life,           \* of each entry: who holds its life lock
    link,           \* who holds the link: index and incarnation, which is 0 if it is free
    lock,           \* who holds the tables' lock
    at, index, inc, \* of each process: where it is, its entry, its incarnation, 0 if it has none
    writing,        \* a thread of it may write into the link: a port is open, or a claim is not spent
    present,        \* what it found of each entry, in this reap
    cached, cachedAt, \* the same of its last search, and next; at 0 it searches again
    orphan          \* the link's incarnation when it took the lock, if the link was an orphan then, else 0

tables == <<next, entry, life, link>>
process == <<at, index, inc, writing>>
reaper == <<present, cached, cachedAt, orphan>>
vars == <<tables, lock, process, reaper>>

Nobody == "nobody"
Nothing == [i \in Entries |-> 0]
Free == [index |-> 0, inc |-> 0]

Init ==
    /\ next = 1
    /\ entry = Nothing
    /\ life = [i \in Entries |-> Nobody]
    /\ link = Free
    /\ lock = Nobody
    /\ at = [p \in Processes |-> "out"]
    /\ index = [p \in Processes |-> 0]
    /\ inc = [p \in Processes |-> 0]
    /\ writing = [p \in Processes |-> FALSE]
    /\ present = [p \in Processes |-> Nothing]
    /\ cached = [p \in Processes |-> Nothing]
    /\ cachedAt = [p \in Processes |-> 0]
    /\ orphan = [p \in Processes |-> 0]

Moves(p, place) == at' = [at EXCEPT ![p] = place]
IsOrphan == link.inc # 0 /\ entry[link.index] # link.inc
Holds(p) == inc[p] # 0 /\ link.inc = inc[p]

(***************************************************************************)
(* Reaper.reap, under the tables' lock: by a process that enters, or that  *)
(* connects                                                                *)
(***************************************************************************)

\* Registry.lock: refused if the entry is not its own any more.
Lock(p) ==
    /\ lock = Nobody
    /\ next < Incarnations
    /\ \/ at[p] = "out"
       \/ at[p] = "in" /\ ~Holds(p) /\ entry[index[p]] = inc[p]
    /\ lock' = p
    /\ Moves(p, IF at[p] = "out" THEN "entering" ELSE "connecting")
    /\ orphan' = [orphan EXCEPT ![p] = IF IsOrphan THEN link.inc ELSE 0]
    /\ UNCHANGED <<tables, index, inc, writing, present, cached, cachedAt>>

Reaping(p) == IF inc[p] = 0 THEN "entering" ELSE "connecting"
Reaped(p) == IF inc[p] = 0 THEN "may enter" ELSE "may connect"

\* The processes that are neither dead nor gone; nothing is searched if they are those of the last time.
Look(p) ==
    LET found == [i \in Entries |->
            IF entry[i] = 0 \/ entry[i] = inc[p] \/ life[i] # Nobody THEN entry[i] ELSE 0]
        isSame == found = cached[p] /\ (next = cachedAt[p] \/
            (cachedAt[p] # 0 /\ Fault = "same processes are enough"))
    IN
    /\ lock = p /\ at[p] \in {"entering", "connecting"}
    /\ present' = [present EXCEPT ![p] = found]
    /\ Moves(p, IF isSame THEN Reaped(p) ELSE "reaping links")
    /\ cachedAt' = [cachedAt EXCEPT ![p] =
        IF isSame THEN @ ELSE IF Fault = "reap that failed counts" THEN next ELSE 0]
    /\ cached' = [cached EXCEPT ![p] = IF ~isSame /\ Fault = "reap that failed counts" THEN found ELSE @]
    /\ UNCHANGED <<tables, lock, index, inc, writing, orphan>>

\* Reaper.reapLinks: whoever is named and not present.
ReapLinks(p) ==
    LET isLeft == link.inc # 0 /\ present[p][link.index] # link.inc
        isDead == isLeft /\ entry[link.index] = link.inc
    IN
    /\ lock = p /\ at[p] = "reaping links"
    /\ link' = IF (IF Fault = "only the dead are looked for" THEN isDead ELSE isLeft) THEN Free ELSE link
    /\ Moves(p, "reaping entries")
    /\ UNCHANGED <<next, entry, life, lock, index, inc, writing, reaper>>

\* The process entries are freed last.
ReapEntries(p) ==
    LET dead == {i \in Entries : entry[i] # 0 /\ present[p][i] = 0}
    IN
    /\ lock = p /\ at[p] = "reaping entries"
    /\ entry' = [i \in Entries |-> IF i \in dead THEN 0 ELSE entry[i]]
    /\ cached' = [cached EXCEPT ![p] = present[p]]
    /\ cachedAt' = [cachedAt EXCEPT ![p] = IF dead = {} THEN next ELSE 0]
    /\ Moves(p, Reaped(p))
    /\ UNCHANGED <<next, life, link, lock, index, inc, writing, present, orphan>>

\* A call into the host fails half-way, and the caller gets the failure.
ReapFails(p) ==
    /\ lock = p /\ at[p] \in {"reaping links", "reaping entries"}
    /\ lock' = Nobody
    /\ Moves(p, IF inc[p] = 0 THEN "out" ELSE "in")
    /\ UNCHANGED <<tables, index, inc, writing, reaper>>

(***************************************************************************)
(* What the lock was taken for                                             *)
(***************************************************************************)

\* Registry.nextIncarnation, Reaper.taken: this process's own taking leaves nothing.
Take(p) ==
    /\ next' = next + 1
    /\ cachedAt' = [cachedAt EXCEPT ![p] = IF @ = next THEN next + 1 ELSE @]

\* Registry.enter: the life lock, then the entry. No entry may be free.
Enter(p) ==
    /\ lock = p /\ at[p] = "may enter"
    /\ lock' = Nobody
    /\ IF \E i \in Entries : entry[i] = 0 /\ life[i] = Nobody
       THEN
            LET i == CHOOSE i \in Entries : entry[i] = 0 /\ life[i] = Nobody
            IN
            /\ Take(p)
            /\ life' = [life EXCEPT ![i] = p]
            /\ entry' = [entry EXCEPT ![i] = next]
            /\ index' = [index EXCEPT ![p] = i]
            /\ inc' = [inc EXCEPT ![p] = next]
            /\ Moves(p, "in")
       ELSE Moves(p, "out") /\ UNCHANGED <<next, cachedAt, life, entry, index, inc>>
    /\ UNCHANGED <<link, writing, present, cached, orphan>>

\* Connection.takeLink
Connect(p) ==
    /\ lock = p /\ at[p] = "may connect"
    /\ lock' = Nobody
    /\ Moves(p, "in")
    /\ IF link.inc = 0
       THEN
            /\ Take(p)
            /\ link' = [index |-> index[p], inc |-> inc[p]]
            /\ writing' = [writing EXCEPT ![p] = TRUE]
       ELSE UNCHANGED <<next, cachedAt, link, writing>>
    /\ UNCHANGED <<entry, life, index, inc, present, cached, orphan>>

(***************************************************************************)
(* The end of a port, and of a process                                     *)
(***************************************************************************)

\* ClientLink.close, or the end of the last claim after it: by the incarnation.
Release(p) ==
    /\ at[p] = "in" /\ writing[p]
    /\ writing' = [writing EXCEPT ![p] = FALSE]
    /\ link' = IF Holds(p) THEN Free ELSE link
    /\ UNCHANGED <<next, entry, life, lock, at, index, inc, reaper>>

Forget(p) ==
    /\ index' = [index EXCEPT ![p] = 0]
    /\ inc' = [inc EXCEPT ![p] = 0]
    /\ present' = [present EXCEPT ![p] = Nothing]
    /\ cached' = [cached EXCEPT ![p] = Nothing]
    /\ cachedAt' = [cachedAt EXCEPT ![p] = 0]
    /\ orphan' = [orphan EXCEPT ![p] = 0]

\* Attachment.leave: not while a link names this process. Registry.leave: the entry first ...
Leave(p) ==
    /\ at[p] = "in"
    /\ ~Holds(p) \/ Fault = "leaves with a claim"
    /\ entry' = [entry EXCEPT ![index[p]] = IF @ = inc[p] THEN 0 ELSE @]
    /\ Moves(p, "leaving")
    /\ UNCHANGED <<next, life, link, lock, index, inc, writing, reaper>>

\* ... then its lock. A process whose thread still writes is not over.
DropLife(p) ==
    /\ at[p] = "leaving"
    /\ life' = [life EXCEPT ![index[p]] = IF @ = p THEN Nobody ELSE @]
    /\ Moves(p, IF writing[p] THEN "writing on" ELSE "out")
    /\ IF writing[p] THEN UNCHANGED <<index, inc, reaper>> ELSE Forget(p)
    /\ UNCHANGED <<next, entry, link, lock, writing>>

\* The operating system releases its locks when its memory is gone.
Die(p) ==
    /\ p \in Deaths /\ at[p] # "out"
    /\ life' = [i \in Entries |-> IF life[i] = p THEN Nobody ELSE life[i]]
    /\ lock' = IF lock = p THEN Nobody ELSE lock
    /\ writing' = [writing EXCEPT ![p] = FALSE]
    /\ Moves(p, "out")
    /\ Forget(p)
    /\ UNCHANGED <<next, entry, link>>

\* Another close of the lock file drops its lock. Its watch finds that, and voids its ports.
Lose(p) ==
    /\ p \in Losses /\ at[p] = "in"
    /\ life' = [life EXCEPT ![index[p]] = IF @ = p THEN Nobody ELSE @]
    /\ writing' = [writing EXCEPT ![p] = FALSE]
    /\ Moves(p, "lost")
    /\ UNCHANGED <<next, entry, link, lock, index, inc, reaper>>

\* It leaves with what it holds; the entry may be another's by now.
LeaveLost(p) ==
    /\ at[p] = "lost"
    /\ entry' = [entry EXCEPT ![index[p]] = IF @ = inc[p] \/ Fault = "freed by index" THEN 0 ELSE @]
    /\ Moves(p, "out")
    /\ Forget(p)
    /\ UNCHANGED <<next, life, link, lock, writing>>

Next == \E p \in Processes :
    \/ Lock(p) \/ Look(p) \/ ReapLinks(p) \/ ReapEntries(p) \/ ReapFails(p)
    \/ Enter(p) \/ Connect(p) \/ Release(p) \/ Leave(p) \/ DropLife(p)
    \/ Die(p) \/ Lose(p) \/ LeaveLost(p)
Spec == Init /\ [][Next]_vars

(***************************************************************************)
(* What must hold                                                          *)
(***************************************************************************)

\* No thread writes into a link that its process does not hold.
Exclusive == \A p \in Processes : writing[p] => Holds(p)

\* A process that lives, and holds its lock, keeps its entry.
Kept == \A p \in Processes : at[p] \in {"in", "connecting", "may connect"} =>
    entry[index[p]] = inc[p] /\ life[index[p]] = p

\* An orphan that was there when the lock was taken is freed before anything is taken under it.
Found == \A p \in Processes :
    at[p] \in {"may enter", "may connect"} /\ orphan[p] # 0 => link.inc # orphan[p]

=============================================================================
