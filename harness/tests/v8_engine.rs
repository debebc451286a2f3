//! V8 for real, as it is in this build.

#![cfg(feature = "v8")]

use std::thread;

use tonnage_harness::v8_engine::{
    build_description, evaluate, evaluate_alone, initialize, snapshot,
};

/// One test for all, as only threads that begin after V8 was started, and from the thread that
/// started it, may use it on every processor.
#[test]
fn v8_works_in_this_process() {
    let version = initialize().expect("V8 starts and passes its test");
    assert_eq!(initialize(), Ok(version), "starting again changes nothing");
    let description = build_description().expect("V8 has started");
    assert!(description.contains(version.as_str()), "{description}");
    if cfg!(tonnage_prebuilt_v8) {
        let ending = "with pointer compression and with the V8 sandbox";
        assert!(description.ends_with(ending), "{description}");
    }

    scripts_give_values_and_throw();
    webassembly_runs();
    functions_of_rust_can_be_called();
    fifty_isolates_live_side_by_side();
    snapshots_hold_state();
    threads_have_isolates_of_their_own();
}

fn scripts_give_values_and_throw() {
    assert_eq!(evaluate_alone("6 * 7", None).as_deref(), Ok("42"));
    let thrown = evaluate_alone("throw new RangeError('too far')", None);
    assert_eq!(thrown, Err("RangeError: too far".to_owned()));
    let syntax = evaluate_alone("6 *", None).expect_err("it is not a script");
    assert!(syntax.starts_with("SyntaxError"), "{syntax}");
}

/// A module with one function, which adds two numbers.
fn webassembly_runs() {
    let source = "
        const bytes = new Uint8Array([
            0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 7, 1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f, 3, 2, 1, 0,
            7, 7, 1, 3, 0x61, 0x64, 0x64, 0, 0, 10, 9, 1, 7, 0, 0x20, 0, 0x20, 1, 0x6a, 11,
        ]);
        new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.add(40, 2)";
    assert_eq!(evaluate_alone(source, None).as_deref(), Ok("42"));
}

fn functions_of_rust_can_be_called() {
    let mut isolate = v8::Isolate::new(v8::CreateParams::default());
    v8::scope!(let scope, &mut isolate);
    let context = v8::Context::new(scope, v8::ContextOptions::default());
    let scope = &mut v8::ContextScope::new(scope, context);
    let twice = v8::Function::new(
        scope,
        |scope: &mut v8::PinScope<'_, '_>,
         arguments: v8::FunctionCallbackArguments<'_>,
         mut result: v8::ReturnValue<'_>| {
            let number = arguments.get(0).integer_value(scope).unwrap_or_default();
            let number = i32::try_from(2 * number).unwrap_or_default();
            result.set(v8::Integer::new(scope, number).into());
        },
    )
    .expect("a function");
    let name = v8::String::new(scope, "twice").expect("a name");
    context.global(scope).set(scope, name.into(), twice.into());
    assert_eq!(evaluate(scope, "twice(21)").as_deref(), Ok("42"));
}

/// What one isolate leaves behind, no other one sees.
fn fifty_isolates_live_side_by_side() {
    let mut isolates: Vec<(v8::OwnedIsolate, v8::Global<v8::Context>)> = Vec::new();
    for number in 0..50 {
        let mut isolate = v8::Isolate::new(v8::CreateParams::default());
        let context = {
            v8::scope!(let scope, &mut isolate);
            let context = v8::Context::new(scope, v8::ContextOptions::default());
            let scope = &mut v8::ContextScope::new(scope, context);
            let first = evaluate(
                scope,
                &format!("typeof left + (globalThis.left = {number})"),
            );
            assert_eq!(first, Ok(format!("undefined{number}")));
            v8::Global::new(scope, context)
        };
        leave(&isolate);
        isolates.push((isolate, context));
    }
    for (number, (isolate, context)) in isolates.iter_mut().enumerate() {
        enter(isolate);
        {
            v8::scope!(let scope, &mut *isolate);
            let context = v8::Local::new(scope, &*context);
            let scope = &mut v8::ContextScope::new(scope, context);
            assert_eq!(evaluate(scope, "left"), Ok(number.to_string()));
        }
        leave(isolate);
    }
    for (isolate, context) in isolates {
        enter(&isolate);
        drop(context);
        drop(isolate);
    }
}

/// A new isolate is the current one of its thread, and isolates that are current end in the order
/// of a stack; so each is left until it is wanted.
#[allow(unsafe_code)]
fn leave(isolate: &v8::Isolate) {
    // SAFETY: it is the current one, as it was made or entered last and every later one was left.
    unsafe { isolate.exit() }
}

#[allow(unsafe_code)]
fn enter(isolate: &v8::Isolate) {
    // SAFETY: no other thread has it.
    unsafe { isolate.enter() }
}

fn snapshots_hold_state() {
    let names = "globalThis.names = Array.from({ length: 1000 }, (_, i) => 'n' + i); ''";
    let blob = snapshot(names).expect("a snapshot");
    assert!(blob.is_valid());
    for _ in 0..3 {
        let found = evaluate_alone("names[7] + names.length", Some(blob.clone()));
        assert_eq!(found.as_deref(), Ok("n71000"));
    }
    assert_eq!(
        evaluate_alone("typeof names", None).as_deref(),
        Ok("undefined")
    );
    assert!(snapshot("throw 1").is_err());
}

fn threads_have_isolates_of_their_own() {
    let threads: Vec<_> = (0..2)
        .map(|thread| {
            thread::spawn(move || {
                for number in 0..20 {
                    let source = format!(
                        "let sum = 0; for (let i = 0; i < 1e5; i++) sum += {thread}; sum + {number}"
                    );
                    let found = evaluate_alone(&source, None);
                    assert_eq!(found, Ok((thread * 100_000 + number).to_string()));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no panic");
    }
}
