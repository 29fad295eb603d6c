// Checks with Porcupine whether the calls about each customer are linearizable: whether they can be put into one order
// that fits both when they were made and what a single register with a version would have answered.
//
// Reads a history a line from standard input, and writes a verdict a line.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

// Longest time that one history is searched.
const patience = 60 * time.Second

type state struct {
	Version int
	Digest  string
	Erased  bool
}

type call struct {
	Client int    `json:"client"`
	Kind   string `json:"kind"` // read, write, erase, stale (412), gone (410), absent (404)
	Start  int64  `json:"start"`
	// Microseconds; none where the call was not answered: it may have happened at any later time.
	End      *int64 `json:"end"`
	Expected *int   `json:"expected"`
	Version  int    `json:"version"`
	Digest   string `json:"digest"`
}

type history struct {
	ID    string `json:"id"`
	First struct {
		Version int    `json:"version"`
		Digest  string `json:"digest"`
	} `json:"first"`
	Calls []call `json:"calls"`
}

type verdict struct {
	ID     string `json:"id"`
	Result string `json:"result"`
	Calls  int    `json:"calls"`
	// What fits nowhere after the longest order that was found.
	Stuck string `json:"stuck,omitempty"`
}

func step(before, input, _ interface{}) (bool, interface{}) {
	now, made := before.(state), input.(call)
	switch made.Kind {
	case "read":
		return !now.Erased && now.Version == made.Version && now.Digest == made.Digest, now
	case "write":
		fits := !now.Erased && made.Version == now.Version+1 && (made.Expected == nil || *made.Expected == now.Version)
		return fits, state{Version: made.Version, Digest: made.Digest}
	case "erase":
		return !now.Erased, state{Version: now.Version + 1, Erased: true}
	case "stale":
		return !now.Erased && made.Expected != nil && *made.Expected != now.Version, now
	case "gone":
		return now.Erased, now
	default:
		return false, now
	}
}

func check(told history) verdict {
	model := porcupine.Model{
		Init: func() interface{} { return state{Version: told.First.Version, Digest: told.First.Digest} },
		Step: step,
	}
	operations := make([]porcupine.Operation, len(told.Calls))
	for index, made := range told.Calls {
		end := int64(math.MaxInt64)
		if made.End != nil {
			end = *made.End
		}
		operations[index] = porcupine.Operation{ClientId: made.Client, Input: made, Call: made.Start, Return: end}
	}
	result, info := porcupine.CheckOperationsVerbose(model, operations, patience)
	answer := verdict{ID: told.ID, Result: string(result), Calls: len(operations)}
	if result == porcupine.Illegal {
		answer.Stuck = stuck(told, info)
	}
	return answer
}

func stuck(told history, info porcupine.LinearizationInfo) string {
	longest := []int{}
	for _, partition := range info.PartialLinearizations() {
		for _, order := range partition {
			if len(order) > len(longest) {
				longest = order
			}
		}
	}
	now := state{Version: told.First.Version, Digest: told.First.Digest}
	fits := map[int]bool{}
	for _, index := range longest {
		fits[index] = true
		_, next := step(now, told.Calls[index], nil)
		now = next.(state)
	}
	first := -1
	for index, made := range told.Calls {
		if !fits[index] && (first < 0 || earlier(made, told.Calls[first])) {
			first = index
		}
	}
	if first < 0 {
		return ""
	}
	text, _ := json.Marshal(told.Calls[first])
	return fmt.Sprintf("after %d calls, at version %d (erased: %t), this fits nowhere: %s", len(longest), now.Version, now.Erased, text)
}

func earlier(one, other call) bool {
	return other.End == nil || (one.End != nil && *one.End < *other.End)
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<28)
	output := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var told history
		if err := json.Unmarshal(lines.Bytes(), &told); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		if err := output.Encode(check(told)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
